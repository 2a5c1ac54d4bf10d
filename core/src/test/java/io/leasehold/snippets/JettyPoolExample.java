package io.leasehold.snippets;

import io.leasehold.jetty.LeasedBufferPool;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;

/// The example in the Javadoc of [LeasedBufferPool].
public final class JettyPoolExample {

    private JettyPoolExample() {}

    /// {@return a server that uses a pool}
    public static Server server(LeasedBufferPool pool) {
        // @start region="example"
        Server server = new Server(new QueuedThreadPool(), new ScheduledExecutorScheduler(), pool);
        // @end
        return server;
    }
}
