package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// A queue returns each handle exactly once.
class RemoteFreeQueueTest {

    private static final int PRODUCERS = 3;

    @Test
    void pollsInOrderAcrossItsEnd() {
        RemoteFreeQueue queue = new RemoteFreeQueue(4);
        for (long i = 1; i < 100; i++) {
            queue.push(3 * i);
            queue.push(3 * i + 1);
            queue.push(3 * i + 2);
            assertThat(queue.size()).isEqualTo(3);
            assertThat(new long[] {queue.poll(), queue.poll(), queue.poll()})
                    .containsExactly(3 * i, 3 * i + 1, 3 * i + 2);
            assertThat(queue.poll()).isEqualTo(RemoteFreeQueue.NONE);
        }
    }

    @Test
    void pushesManyAtOnceInTheirOrder() {
        RemoteFreeQueue queue = new RemoteFreeQueue(4);
        long[] handles = {7, 8, 9, 10};
        for (int i = 0; i < 100; i++) {
            queue.push(handles, 1, 3);
            assertThat(queue.size()).isEqualTo(3);
            List<Long> shown = new ArrayList<>();
            queue.forEach(shown::add);
            assertThat(shown).containsExactlyInAnyOrder(next(8), next(9), next(10));
            assertThat(new long[] {queue.poll(), queue.poll(), queue.poll(), queue.poll()})
                    .containsExactly(next(8), next(9), next(10), RemoteFreeQueue.NONE);
        }
    }

    private static long next(long handle) {
        return JumboLayout.after(handle, 1);
    }

    @Test
    void countsDepartedPages() {
        RemoteFreeQueue queue = new RemoteFreeQueue(4);
        queue.depart();
        queue.depart();
        assertThat(queue.takeDeparted()).isEqualTo(2);
        assertThat(queue.takeDeparted()).isZero();
    }

    /// Producers push no more handles than there are cells, as a shard ensures.
    @Test
    void oneConsumerGetsEachPageOfManyProducersOnce() throws InterruptedException {
        int pages = 60_000;
        RemoteFreeQueue queue = new RemoteFreeQueue(64);
        AtomicInteger room = new AtomicInteger(64);
        AtomicInteger next = new AtomicInteger();
        Watchdog watchdog = new Watchdog();
        for (int p = 0; p < PRODUCERS; p++) {
            watchdog.start("producer " + p, () -> {
                for (int page = next.getAndIncrement(); page < pages; page = next.getAndIncrement()) {
                    watchdog.await("room", () -> {
                        int left = room.get();
                        return left > 0 && room.compareAndSet(left, left - 1);
                    });
                    queue.push(page + 1);
                }
            });
        }
        BitSet seen = new BitSet();
        watchdog.await("all pages", () -> {
            long polled = queue.poll();
            if (polled != RemoteFreeQueue.NONE) {
                int page = (int) polled - 1;
                assertThat(seen.get(page)).isFalse();
                seen.set(page);
                room.incrementAndGet();
            }
            return seen.cardinality() == pages;
        });
        watchdog.join();
        assertThat(queue.size()).isZero();
    }
}
