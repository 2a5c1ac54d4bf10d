package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageStateException;
import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Closing an allocator closes everything, or changes nothing.
class AllocatorCloseTest {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 2_000 : 60;
    private static final int ROOMS = 120;
    private static final int STACK_BYTES = 512 << 10;

    private final LeasedByteBufAllocator allocator =
            TestAllocators.builder("closing", 64 << 20).build();

    @Test
    void heapBufferKeepsDirectBuffersAllocatable() {
        allocator.directBuffer(300).release();
        ByteBuf heap = allocator.heapBuffer(300);
        assertThatIllegalStateException().isThrownBy(allocator::close).withMessageContaining("buffers=1");
        allocator.directBuffer(300).release();
        allocator.heapBuffer(300).release();
        heap.release();
        allocator.close();
    }

    @Test
    void pageOfTheArenaKeepsTheAllocatorOpen() {
        long page = allocator.arena().allocate();
        assertThatIllegalStateException()
                .isThrownBy(allocator::close)
                .withMessageStartingWith("cannot close, pages of the arena are in use: allocator=closing, pages=1");
        allocator.directBuffer(300).release();
        allocator.arena().free(page);
        allocator.close();
    }

    /// A slab leaves its heap before its pages are freed. A close must not mistake these pages for pages of another
    /// user.
    @Test
    void releaseOnItsWayKeepsItOpenAsABufferAtMost() throws InterruptedException {
        allocator.close();
        for (int round = 0; round < ROUNDS; round++) {
            LeasedByteBufAllocator next =
                    TestAllocators.builder("next", 64 << 20).build();
            List<ByteBuf> buffers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                buffers.add(next.directBuffer(100_000 + i));
            }
            Watchdog watchdog = new Watchdog();
            watchdog.start("releases", () -> buffers.forEach(ByteBuf::release));
            closePatiently(next);
            watchdog.join();
            assertThat(next.metric().pinnedBuffers()).isZero();
        }
    }

    /// The check of the arena and its close are one step.
    @Test
    void usersOfTheArenaThatComeAndGoCloseNothingByHalf() throws InterruptedException {
        AtomicBoolean isOver = new AtomicBoolean();
        Watchdog watchdog = new Watchdog();
        PageArena arena = allocator.arena();
        watchdog.start("allocates", () -> {
            while (!isOver.get()) {
                try {
                    arena.free(arena.allocate());
                } catch (PageStateException e) {
                    return; // the arena is closed
                }
            }
        });
        boolean isClosed = false;
        for (int i = 0; i < ROUNDS && !isClosed; i++) {
            allocator.directBuffer(300).release();
            try {
                allocator.close();
                isClosed = true;
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("pages");
            }
        }
        isOver.set(true);
        watchdog.join();
        allocator.close();
    }

    /// Wherever the stack ends in a forced close, the heaps do not outlive their arena.
    @Test
    void forcedCloseThatRunsOutOfStackLeavesNoHeapWithoutItsArena() throws InterruptedException {
        allocator.close();
        for (int room = 0; room < ROOMS; room++) {
            LeasedByteBufAllocator next =
                    TestAllocators.builder("deep", 16 << 20).build();
            next.directBuffer(300).release();
            int wanted = room;
            Thread thread = new Thread(null, () -> closeWithRoom(next, wanted, new int[1]), "deep", STACK_BYTES);
            thread.start();
            thread.join();
            try {
                next.directBuffer(300).release();
                next.arena().free(next.arena().allocate());
            } catch (BufferMemoryError e) {
                assertThat(e).hasMessageContaining("closed");
            }
            next.closeForcibly();
        }
    }

    /// Closes at the depth at which `room` calls are left before the stack overflows.
    @SuppressWarnings("InfiniteRecursion") // until the stack overflows
    private static boolean closeWithRoom(LeasedByteBufAllocator allocator, int room, int[] above) {
        boolean isClosed;
        try {
            isClosed = closeWithRoom(allocator, room, above);
        } catch (StackOverflowError e) {
            isClosed = false;
        }
        if (!isClosed && above[0]++ == room) {
            try {
                allocator.closeForcibly();
            } catch (StackOverflowError e) {
                return true; // tried once
            }
            return true;
        }
        return isClosed;
    }

    /// A pool without a page keeps the arena open, so the allocator must not close its heaps.
    @Test
    void closeChangesNothingWhileAPoolIsOnTheArena() {
        JumboPool<Long> pool = JumboPool.open(
                allocator.arena(),
                JumboOptions.builder().name("cards").pages(0, 16).build(),
                (from, page, address, byteSize) -> address);
        pool.free(pool.allocate());
        pool.trim();
        assertThat(allocator.arena().stats().livePages()).isZero();
        assertThatIllegalStateException()
                .isThrownBy(allocator::close)
                .withMessageStartingWith("cannot close, the arena is in use: allocator=")
                .withMessageContaining("cards")
                .withMessageEndingWith("; close them first");
        allocator.directBuffer(100).release();
        pool.close();
        allocator.close();
    }

    private static void closePatiently(LeasedByteBufAllocator allocator) {
        while (true) {
            try {
                allocator.close();
                return;
            } catch (IllegalStateException e) {
                assertThat(e)
                        .message()
                        .containsAnyOf(
                                "cannot close, buffers are outstanding: allocator=next",
                                "a thread is inside allocate or release, or the barrier failed: heap=next;"
                                        + " close again");
            }
        }
    }
}
