package io.leasehold.bench.jmh;

import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/// Runs each benchmark thread on its own event executor of Netty.
///
/// Netty's adaptive allocator has its fast path only there, so other threads would favor Leasehold. JMH finds this
/// class through [ThreadKind#EVENT_LOOP].
public final class EventLoops extends DefaultEventExecutorGroup {

    /// Creates the executors. Called by JMH.
    ///
    /// @param maxThreads maximum number of threads that JMH uses
    /// @param prefix of the thread names
    public EventLoops(int maxThreads, String prefix) {
        super(maxThreads, new DefaultThreadFactory(prefix, true));
    }
}
