package io.leasehold.bench.jmh;

import java.util.List;

/// The threads that a benchmark runs on, by options of JMH.
public enum ThreadKind {
    /// An event loop of Netty ([EventLoops]).
    EVENT_LOOP,
    /// A platform thread of JMH.
    PLATFORM,
    /// A virtual thread.
    VIRTUAL;

    /// {@return the options of the JVM}
    public List<String> options() {
        return switch (this) {
            case EVENT_LOOP -> List.of("-Djmh.executor=CUSTOM", "-Djmh.executor.class=" + EventLoops.class.getName());
            case PLATFORM -> List.of();
            case VIRTUAL -> List.of("-Djmh.executor=VIRTUAL");
        };
    }
}
