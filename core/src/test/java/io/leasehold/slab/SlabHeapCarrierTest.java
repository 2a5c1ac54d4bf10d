package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Closing a heap leaves the carrier threads to virtual threads that are inside a release.
@Timeout(60)
class SlabHeapCarrierTest {

    private static final int BLOCK_BYTES = 300 << 10;

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final int carriers = Integer.getInteger(
            "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());

    @Test
    void closeLeavesTheCarrierToTheThreadThatItWaitsFor() throws InterruptedException {
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .byteSize(16L << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .build());
        SlabHeap<Long> heap = SlabHeap.open(
                arena, SlabHeapOptions.defaults().withIdleByteSize(0), (from, handle, array, address, size) -> handle);
        long block = Objects.requireNonNull(heap.tryAllocate(BLOCK_BYTES));
        heap.free(Objects.requireNonNull(heap.tryAllocate(BLOCK_BYTES))); // one free slab may be retained
        AtomicBoolean isOver = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        PageArenas.whileLocked(arena, () -> {
            Thread release = Thread.ofVirtual().start(() -> heap.free(block));
            threads.add(release);
            Eventually.holds("the release waits", () -> release.getState() == Thread.State.WAITING);
            for (int i = 1; i < carriers; i++) {
                threads.add(Thread.ofVirtual().start(() -> spinUntil(isOver)));
            }
            Thread close = Thread.ofVirtual().start(heap::close);
            threads.add(close);
            Eventually.holds("the close waits", () -> isInCloser(close));
        });
        boolean isClosed = threads.getLast().join(LIMIT);
        isOver.set(true);
        assertThat(isClosed).isTrue();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(heap.isClosed()).isTrue();
        arena.close();
    }

    private static void spinUntil(AtomicBoolean isOver) {
        while (!isOver.get()) {
            Thread.onSpinWait();
        }
    }

    private static boolean isInCloser(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("whileStopped"));
    }
}
