package org.apache.zookeeper.server;

import io.netty.buffer.ByteBufAllocator;

/// Reaches the setter that ZooKeeper has for its own tests. A user has the agent alone.
public final class ServerTestHook {

    private ServerTestHook() {}

    /// Sets the allocator of servers that are made afterwards.
    public static void set(ByteBufAllocator allocator) {
        NettyServerCnxnFactory.setTestAllocator(allocator);
    }
}
