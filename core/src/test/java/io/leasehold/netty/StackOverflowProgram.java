package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.holder.Sampler;
import io.leasehold.memory.JavaFaults;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.function.Consumer;

/// Allocates and releases sampled buffers, each on a stack with space for one frame more.
///
/// **Threads.** Confined to one thread.
final class StackOverflowProgram implements Consumer<JavaFaults.Mode> {

    private static final int MAX_FRAMES = 200; // more than a release uses

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
            }
            assertThat(allocator.metric().pinnedBuffers()).as("buffers in use").isZero();
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
        allocator.close();
    }

    private static void allocate(LeasedByteBufAllocator allocator, JavaFaults.Mode mode, int frames) {
        ByteBuf buf = null;
        JavaFaults.arm(mode, frames + 1);
        try {
            buf = allocator.directBuffer(300);
        } catch (StackOverflowError e) {
            // the caller has no buffer
        } finally {
            JavaFaults.disarm();
        }
        if (buf != null) {
            buf.release();
        }
        assertThat(allocator.metric().pinnedBuffers())
                .as("buffers in use after an allocation with %d frames on the stack", frames)
                .isZero();
    }

    private static void release(LeasedByteBufAllocator allocator, JavaFaults.Mode mode, int frames) {
        ByteBuf buf = allocator.directBuffer(300);
        boolean isReleased = false;
        JavaFaults.arm(mode, frames + 1);
        try {
            isReleased = buf.release();
        } catch (StackOverflowError e) {
            // not even the first calls fit
        } finally {
            JavaFaults.disarm();
        }
        assertThat(isReleased || frames < FRAMES_OF_A_RELEASE)
                .as("released with %d frames on the stack", frames)
                .isTrue();
        if (!isReleased) {
            assertThat(buf.refCnt()).isOne();
            buf.release();
        }
    }
}
