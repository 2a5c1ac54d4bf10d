package io.leasehold.readme;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.uring.LeasedBufferRing;
import io.netty.channel.uring.IoUringIoHandlerConfig;

/// The example of the README for io_uring.
final class RingExample {

    private RingExample() {}

    /// {@return a configuration whose reads use pages of a ring}
    static IoUringIoHandlerConfig configure(LeasedByteBufAllocator allocator) {
        LeasedBufferRing ring = LeasedBufferRing.open(allocator);
        IoUringIoHandlerConfig config = new IoUringIoHandlerConfig().setBufferRingConfig(ring.config((short) 0));
        return config;
    }
}
