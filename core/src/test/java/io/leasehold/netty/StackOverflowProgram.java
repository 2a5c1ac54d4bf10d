package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.holder.Sampler;
import io.leasehold.holder.Tag;
import io.leasehold.holder.ThreadTag;
import io.leasehold.memory.JavaFaults;
import io.leasehold.observe.Holders;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Allocates and releases sampled buffers, each on a stack with space for one frame more.
///
/// **Threads.** Confined to one thread.
final class StackOverflowProgram implements Consumer<JavaFaults.Mode> {

    private static final int MAX_FRAMES = 200; // more than a release uses
    private static final int MANY = 64; // as many buffers of one size as the cache of a thread has
    private static final int FRAMES_APART = 8; // of tests with many buffers, which take longer

    /// A release that itself does not fit on the stack throws, and changes nothing.
    private static final int FRAMES_OF_A_RELEASE = 1;

    @Override
    public void accept(JavaFaults.Mode mode) {
        Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(Level.DISABLED);
        Sampler.process().meanBytes(1);
        LeasedByteBufAllocator allocator = TestAllocators.small("deep");
        try {
            allocator.directBuffer(300).release(); // its object counts down with the new mean from here on
            for (int frames = 0; frames < MAX_FRAMES; frames++) {
                allocate(allocator, mode, frames);
                release(allocator, mode, frames);
                if (frames % FRAMES_APART == 0) {
                    overflowOften(allocator, mode, frames);
                }
            }
            assertThat(allocator.metric().pinnedBuffers()).as("buffers in use").isZero();
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
        allocator.close();
    }

    private static void allocate(LeasedByteBufAllocator allocator, JavaFaults.Mode mode, int frames) {
        List<ByteBuf> allocated = new ArrayList<>(1);
        boolean isDone = JavaFaults.fits(mode, frames, () -> allocated.add(allocator.directBuffer(300)));
        assertThat(allocated).hasSize(isDone ? 1 : 0);
        allocated.forEach(ByteBuf::release);
        assertThat(allocator.metric().pinnedBuffers())
                .as("buffers in use after an allocation with %d frames on the stack", frames)
                .isZero();
    }

    private static void release(LeasedByteBufAllocator allocator, JavaFaults.Mode mode, int frames) {
        ByteBuf buf = allocator.directBuffer(300);
        boolean[] wasLast = new boolean[1];
        boolean isReleased = JavaFaults.fits(mode, frames, () -> wasLast[0] = buf.release()) && wasLast[0];
        assertThat(isReleased || frames < FRAMES_OF_A_RELEASE)
                .as("released with %d frames on the stack", frames)
                .isTrue();
        if (!isReleased) {
            assertThat(buf.refCnt()).isOne();
            buf.release();
        }
    }

    /// Allocates and releases as many buffers of two sizes as the cache of a thread has. No call between the overflows
    /// frees what they left.
    private static void overflowOften(LeasedByteBufAllocator allocator, JavaFaults.Mode mode, int frames) {
        allocateMany(allocator).forEach(ByteBuf::release);
        ThreadTag.set(Tag.of("deep")); // counting for a tag checks the stack after the block was taken
        JavaFaults.arm(mode, frames + 1);
        for (int i = 0; i < MANY; i++) {
            allocateOnly(allocator, 300);
            allocateOnly(allocator, 600);
        }
        JavaFaults.disarm();
        assertThat(allocator.metric().pinnedBuffers())
                .as("buffers in use after allocations with %d frames on the stack", frames)
                .isZero();

        List<ByteBuf> bufs = allocateMany(allocator);
        ThreadTag.set(null);
        int released = 0;
        JavaFaults.arm(mode, frames + 1);
        for (ByteBuf buf : bufs) {
            released += releaseOnly(buf);
        }
        JavaFaults.disarm();
        assertThat(released)
                .as("buffers released with %d frames on the stack", frames)
                .isEqualTo(frames < FRAMES_OF_A_RELEASE ? 0 : bufs.size());
        bufs.stream().filter(buf -> buf.refCnt() > 0).forEach(ByteBuf::release);
        assertThat(allocator.metric().pinnedBuffers())
                .as("buffers in use after releases with %d frames on the stack", frames)
                .isZero();
        assertThat(Holders.exact())
                .as("counted buffers after releases with %d frames on the stack", frames)
                .noneMatch(holder -> holder.kind().equals("allocator"));
    }

    private static List<ByteBuf> allocateMany(LeasedByteBufAllocator allocator) {
        List<ByteBuf> bufs = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            bufs.add(allocator.directBuffer(300));
            bufs.add(allocator.directBuffer(600));
        }
        return bufs;
    }

    private static void allocateOnly(LeasedByteBufAllocator allocator, int byteSize) {
        ByteBuf buf = null;
        try {
            buf = allocator.directBuffer(byteSize);
        } catch (StackOverflowError e) {
            // the caller has no buffer
        }
        if (buf != null) {
            assertThat(buf.release()).isTrue();
        }
    }

    private static int releaseOnly(ByteBuf buf) {
        try {
            return buf.release() ? 1 : 0;
        } catch (StackOverflowError e) {
            return 0;
        }
    }
}
