package io.leasehold.bench;

import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/// Runs each benchmark thread on its own event executor of Netty.
///
/// Netty's adaptive allocator has its fast path only there, so other threads would favor Leasehold. JMH finds this
/// class through `-Djmh.executor=CUSTOM -Djmh.executor.class=`, see [#ARGUMENT_1] and [#ARGUMENT_2].
public final class EventLoops extends DefaultEventExecutorGroup {

    /// The first JVM argument that makes JMH use this class.
    public static final String ARGUMENT_1 = "-Djmh.executor=CUSTOM";

    /// The second JVM argument that makes JMH use this class.
    public static final String ARGUMENT_2 = "-Djmh.executor.class=io.leasehold.bench.EventLoops";

    /// Creates the executors. Called by JMH.
    ///
    /// @param maxThreads maximum number of threads that JMH uses
    /// @param prefix of the thread names
    public EventLoops(int maxThreads, String prefix) {
        super(maxThreads, new DefaultThreadFactory(prefix, true));
    }
}
