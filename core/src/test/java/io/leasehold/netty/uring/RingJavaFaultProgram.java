package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.memory.JavaFaults;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What Netty does with a ring: it allocates a page, reads from it, and releases it. Each step meets every possible
/// failure of the Java side. A new ring for each failure, because a ring keeps the objects of its pages.
///
/// **Threads.** Confined to one thread.
final class RingJavaFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final int PAGE = 4096;
    private static final LeasedBufferRingOptions OPTIONS = LeasedBufferRingOptions.builder()
            .name("faulty")
            .bufferSize(BufferSize.KIB_4)
            .slabByteSize(256 << 10)
            .pages(64, 0, 0)
            .eventLoops(1)
            .depth(2)
            .build();

    private final LeasedByteBufAllocator allocator = TestAllocators.small("faulty");

    @Override
    public void accept(JavaFaults.Mode mode) {
        allocator.directBuffer(PAGE).release(); // opens the allocator
        LeasedBufferRing first = LeasedBufferRing.open(allocator, OPTIONS); // faults come after the first page
        first.allocate().release();
        first.close();
        everyFault(mode, "allocate", (ring, nth) -> {
            ByteBuf page = faulted(mode, nth, ring::allocate);
            if (page != null) {
                page.release();
            }
        });
        everyFault(mode, "allocate again", (ring, nth) -> {
            ring.allocate().release(); // the thread has a free page, so that the next call is a short one
            ByteBuf page = faulted(mode, nth, ring::allocate);
            if (page != null) {
                page.release();
            }
        });
        everyFault(mode, "allocate again for another reader", (ring, nth) -> {
            ring.allocate().release();
            ByteBuf page = faulted(mode, nth, ring::tryAllocateBuffer);
            if (page != null) {
                page.release();
            }
        });
        everyFault(mode, "allocate for another reader", (ring, nth) -> {
            ByteBuf page = faulted(mode, nth, ring::tryAllocateBuffer);
            if (page != null) {
                page.release();
            }
        });
        everyFault(mode, "release of a free page", (ring, nth) -> release(ring.allocate(), mode, nth));
        everyFault(mode, "release of a page in use", (ring, nth) -> {
            ByteBuf page = ring.allocate();
            ByteBuf read = page.retainedSlice(0, PAGE);
            release(page, mode, nth);
            read.release();
        });
        everyFault(mode, "small read", (ring, nth) -> read(ring, mode, nth, 100));
        everyFault(mode, "whole read", (ring, nth) -> read(ring, mode, nth, PAGE));
        everyFault(mode, "incremental read", (ring, nth) -> {
            ring.noteIncremental();
            read(ring, mode, nth, 1000);
        });
        allocator.close();
    }

    private static void read(LeasedBufferRing ring, JavaFaults.Mode mode, int nth, int length) {
        ByteBuf page = ring.allocate();
        ByteBuf read = faulted(mode, nth, () -> page.retainedSlice(0, length));
        page.release();
        if (read != null) {
            read.release();
        }
    }

    /// A release that fails has changed nothing, and is repeated.
    private static void release(ByteBuf page, JavaFaults.Mode mode, int nth) {
        long before = JavaFaults.injected();
        ByteBuf released = faulted(mode, nth, () -> {
            page.release();
            return page;
        });
        if (released == null) {
            assertThat(JavaFaults.injected()).isGreaterThan(before);
            page.release();
        }
    }

    /// What is done with a new ring.
    private interface Step {

        /// Runs the step.
        ///
        /// @param nth number of the allocation that fails
        void run(LeasedBufferRing ring, int nth);
    }

    private void everyFault(JavaFaults.Mode mode, String name, Step step) {
        long before;
        int nth = 1;
        do {
            before = JavaFaults.injected();
            LeasedBufferRing ring = LeasedBufferRing.open(allocator, OPTIONS);
            step.run(ring, nth);
            assertThat(ring.stats().pages().pages().outstanding())
                    .as("pages outstanding after %s, %s %d", name, mode, nth)
                    .isZero();
            ring.close();
            assertThat(allocator.figures().pinnedBuffers())
                    .as("buffers outstanding after %s, %s %d", name, mode, nth)
                    .isZero();
            nth = JavaFaults.next(nth);
        } while (JavaFaults.injected() > before);
    }

    private static @Nullable ByteBuf faulted(JavaFaults.Mode mode, int nth, Supplier<@Nullable ByteBuf> step) {
        JavaFaults.arm(mode, nth);
        try {
            return step.get();
        } catch (OutOfMemoryError | StackOverflowError e) {
            return null;
        } finally {
            JavaFaults.disarm();
        }
    }
}
