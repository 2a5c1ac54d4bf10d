package io.leasehold.bench;

import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/// Runs benchmark threads on event executors of Netty, one each.
///
/// Netty's adaptive allocator takes its fast path only there, so any other thread would flatter us. JMH finds this
/// class through `-Djmh.executor=CUSTOM -Djmh.executor.class=`, see [#ARGUMENT_1] and [#ARGUMENT_2].
public final class EventLoops extends DefaultEventExecutorGroup {

    /// The first JVM argument that makes JMH use this class.
    public static final String ARGUMENT_1 = "-Djmh.executor=CUSTOM";

    /// The second JVM argument that makes JMH use this class.
    public static final String ARGUMENT_2 = "-Djmh.executor.class=io.leasehold.bench.EventLoops";

    /// Called by JMH.
    ///
    /// @param maxThreads how many threads JMH will use
    /// @param prefix what their names begin with
    public EventLoops(int maxThreads, String prefix) {
        super(maxThreads, new DefaultThreadFactory(prefix, true));
    }
}
