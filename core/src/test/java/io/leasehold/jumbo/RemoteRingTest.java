package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// A ring of tokens loses none and shows none twice.
class RemoteRingTest {

    private static final int PRODUCERS = 3;

    @Test
    void givesBackInOrderAcrossItsEnd() {
        RemoteRing ring = new RemoteRing(4);
        for (long i = 1; i < 100; i++) {
            ring.push(3 * i);
            ring.push(3 * i + 1);
            ring.push(3 * i + 2);
            assertThat(ring.size()).isEqualTo(3);
            assertThat(new long[] {ring.poll(), ring.poll(), ring.poll()}).containsExactly(3 * i, 3 * i + 1, 3 * i + 2);
            assertThat(ring.poll()).isEqualTo(RemoteRing.NONE);
        }
    }

    @Test
    void takesManyAtOnceInTheirOrder() {
        RemoteRing ring = new RemoteRing(4);
        long[] tokens = {7, 8, 9, 10};
        for (int i = 0; i < 100; i++) {
            ring.push(tokens, 1, 3);
            assertThat(ring.size()).isEqualTo(3);
            List<Long> shown = new ArrayList<>();
            ring.forEach(shown::add);
            assertThat(shown).containsExactlyInAnyOrder(next(8), next(9), next(10));
            assertThat(new long[] {ring.poll(), ring.poll(), ring.poll(), ring.poll()})
                    .containsExactly(next(8), next(9), next(10), RemoteRing.NONE);
        }
    }

    private static long next(long token) {
        return JumboLayout.after(token, 1);
    }

    @Test
    void countsWhatDeparted() {
        RemoteRing ring = new RemoteRing(4);
        ring.depart();
        ring.depart();
        assertThat(ring.takeDeparted()).isEqualTo(2);
        assertThat(ring.takeDeparted()).isZero();
    }

    /// Producers push no more than there are cells, as a shard sees to it.
    @Test
    void manyProducersAndOneConsumerSeeEachPageOnce() throws InterruptedException {
        int pages = 60_000;
        RemoteRing ring = new RemoteRing(64);
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
                    ring.push(page + 1);
                }
            });
        }
        BitSet seen = new BitSet();
        watchdog.await("all pages", () -> {
            long polled = ring.poll();
            if (polled != RemoteRing.NONE) {
                int page = (int) polled - 1;
                assertThat(seen.get(page)).isFalse();
                seen.set(page);
                room.incrementAndGet();
            }
            return seen.cardinality() == pages;
        });
        watchdog.join();
        assertThat(ring.size()).isZero();
    }
}
