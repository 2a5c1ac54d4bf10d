package io.leasehold.bench.scenario.traffic;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.uring.LeasedBufferRing;
import io.leasehold.netty.uring.LeasedBufferRingOptions;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.uring.IoUringBufferRingConfig;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringFixedBufferRingAllocator;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;
import org.jspecify.annotations.Nullable;

/// The buffers that io_uring reads into: a ring of Leasehold or of Netty. Only this class names classes of io_uring, so
/// the other receivers run without them.
///
/// **Ownership.** Closed after the event loops, and before the allocator.
///
/// **Threads.** Confined to one thread; the ring belongs to the event loop.
final class UringBuffers implements AutoCloseable {

    private static final short GROUP = 0;
    private static final int DEEP = 64;

    /// Half of a second-level cache. Leasehold's ring chooses the same size by itself.
    private static final int SHALLOW_BYTES = 512 << 10;

    private final @Nullable LeasedBufferRing ring; // (C) Leasehold's
    private final IoUringBufferRingConfig config; // (C)

    UringBuffers(Receiver receiver, BufferSize bufferSize, ByteBufAllocator allocator) {
        if (allocator instanceof LeasedByteBufAllocator leased) {
            ring = LeasedBufferRing.open(
                    leased,
                    LeasedBufferRingOptions.builder()
                            .bufferSize(bufferSize)
                            .eventLoops(1)
                            .build());
            config = ring.config(GROUP);
            return;
        }
        ring = null;
        int depth = receiver == Receiver.RING64 ? DEEP : Math.min(DEEP, SHALLOW_BYTES / bufferSize.byteSize());
        config = IoUringBufferRingConfig.builder()
                .bufferGroupId(GROUP)
                .bufferRingSize((short) depth)
                .batchSize(depth)
                .incremental(false)
                .allocator(new IoUringFixedBufferRingAllocator(allocator, bufferSize.byteSize()))
                .build();
    }

    IoHandlerFactory handlers() {
        return IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setBufferRingConfig(config));
    }

    void use(ServerBootstrap bootstrap) {
        bootstrap
                .channel(IoUringServerSocketChannel.class)
                .childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, GROUP);
    }

    /// Adds the back-pressure handler to a pipeline, as a server does.
    void build(ChannelPipeline pipeline) {
        if (ring != null) {
            pipeline.addLast(ring.throttle());
        }
    }

    @Override
    public void close() {
        if (ring != null) {
            ring.close();
        }
    }
}
