package org.apache.zookeeper;

import io.netty.buffer.ByteBufAllocator;

/// Reaches the setter that ZooKeeper has for its own tests. A user has the agent alone.
public final class ClientTestHook {

    private ClientTestHook() {}

    /// Sets the allocator of clients that are made afterwards.
    public static void set(ByteBufAllocator allocator) {
        ClientCnxnSocketNetty.setTestAllocator(allocator);
    }
}
