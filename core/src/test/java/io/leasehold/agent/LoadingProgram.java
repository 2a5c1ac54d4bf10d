package io.leasehold.agent;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Main class of the JVMs that [AgentTest] starts: several threads initialise classes of Netty at once, which refer to
/// each other. A cycle of class initialisation would hold them for ever.
final class LoadingProgram {

    private static final String[] CLASSES = {
        "ByteBufUtil",
        "PooledByteBufAllocator",
        "AdaptiveByteBufAllocator",
        "Unpooled",
        "UnpooledByteBufAllocator",
        "EmptyByteBuf",
        "AbstractByteBuf",
        "ByteBufAllocator"
    };

    private LoadingProgram() {}

    /// Prints what serves a buffer of the default allocator afterwards.
    public static void main(String[] arguments) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (String name : CLASSES) {
            threads.add(Thread.ofPlatform().daemon().start(() -> load(start, "io.netty.buffer." + name)));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        ByteBuf buf = ByteBufAllocator.DEFAULT.directBuffer(100);
        System.out.println("direct=" + PoolProgram.innermost(buf).getClass().getSimpleName());
        buf.release();
    }

    private static void load(CountDownLatch start, String name) {
        try {
            start.await();
            Class.forName(name);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
