package io.leasehold.bench.jmh;

import java.util.List;

/// The threads that a benchmark runs on, by options of JMH.
public enum ThreadKind {
    /// An event loop of Netty ([EventLoops]).
    EVENT_LOOP(List.of("-Djmh.executor=CUSTOM", "-Djmh.executor.class=" + EventLoops.class.getName())),
    /// A platform thread of JMH.
    PLATFORM(List.of()),
    /// A virtual thread.
    VIRTUAL(List.of("-Djmh.executor=VIRTUAL"));

    private final List<String> options;

    ThreadKind(List<String> options) {
        this.options = options;
    }

    /// {@return the options of the JVM}
    public List<String> options() {
        return options;
    }
}
