package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many threads take pages and hand them to each other, who release, steal, flip, hold or write them, while the ring
/// grows and shrinks; between the rounds all are gone and everything is counted.
///
/// `-Dseed=` gives each thread the operations of another run; `-Dleasehold.soak=true` runs a minute for each class.
class JumboConcurrentTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int PLATFORM = 4;
    private static final int VIRTUAL = SOAK ? 1_000 : 20;
    private static final int STEPS = SOAK ? 20_000 : 1_500;
    private static final long SOAK_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int ROUNDS = 3;
    private static final int MAX_QUEUED = 64;
    private static final int MAX_BULK = 100;
    private static final long SHORT_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /// A page on its way, and what was written to it.
    private record Parcel(long handle, long stamp) {}

    private final Queue<Parcel> sent = new ConcurrentLinkedQueue<>();
    private final Queue<Parcel> owned = new ConcurrentLinkedQueue<>();
    private final AtomicLong stamps = new AtomicLong();
    private final AtomicLong taken = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong pressure = new AtomicLong();

    @ParameterizedTest
    @EnumSource
    void threadsShareARingSmallerThanTheirDemand(BufferSize bufferSize) throws InterruptedException {
        long seed = Long.getLong("seed", SOAK ? System.nanoTime() : 20261121L);
        System.out.printf(
                "jumbo burn: %s, seed=%d, replay with -Dtest=JumboConcurrentTest -Dseed=%d%n", bufferSize, seed, seed);
        int maxPages = 4 * (256 << 10) / bufferSize.byteSize() + 3;
        JumboOptions options = JumboBed.options(bufferSize)
                .withPages(0, maxPages)
                .withShards(3)
                .withWatermarks(maxPages / 4, maxPages - 2, isHigh -> pressure.incrementAndGet());
        SplittableRandom random = new SplittableRandom(seed);
        try (JumboBed bed = new JumboBed(options, 3)) {
            long start = System.nanoTime();
            for (int round = 0; SOAK ? System.nanoTime() - start < SOAK_NANOS : round < ROUNDS; round++) {
                round(bed, random);
            }
            bed.ring().trim();
            assertThat(bed.takenBytes()).isZero();
        }
        assertThat(taken.get()).isGreaterThan(1_000);
        assertThat(refused.get()).as("allocations over the bound").isPositive();
    }

    /// New platform threads each time, so that shards of dead ones are taken over.
    private void round(JumboBed bed, SplittableRandom random) throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        for (int t = 0; t < PLATFORM + VIRTUAL; t++) {
            SplittableRandom own = random.split();
            int steps = t < PLATFORM ? STEPS : STEPS / 10;
            Watchdog.Task task = () -> {
                for (int i = 0; i < steps; i++) {
                    step(bed.ring(), own);
                }
            };
            if (t < PLATFORM) {
                watchdog.start("platform " + t, task);
            } else {
                watchdog.startVirtual("virtual " + t, task);
            }
        }
        for (int i = 0; i < 20; i++) {
            bed.settle(1); // one thread's task, as it is the maintenance's
            Thread.yield();
        }
        watchdog.join();
        bed.check();
        assertThat(bed.ring().stats().pages().out()).isEqualTo(sent.size());
        assertThat(bed.ring().stats().pages().stolen()).isEqualTo(owned.size());
        for (Parcel parcel = sent.poll(); parcel != null; parcel = sent.poll()) {
            release(bed.ring(), parcel);
        }
        for (Parcel parcel = owned.poll(); parcel != null; parcel = owned.poll()) {
            adopt(bed.ring(), parcel);
        }
        bed.check();
        assertThat(bed.ring().stats().pages().out()).isZero();
        assertThat(pressure.get() % 2).as("told of an end for each begin").isZero();
    }

    private void step(JumboPool<JumboView> ring, SplittableRandom random) {
        int choice = random.nextInt(100);
        if (choice < 66) {
            long handle = ring.allocate();
            if (handle < 0) {
                starve(ring, random);
            } else {
                send(ring, handle);
            }
            return;
        }
        if (choice < 70) {
            bulk(ring, random.nextInt(MAX_BULK));
            return;
        }
        if (choice > 97) {
            Parcel parcel = owned.poll();
            if (parcel != null) {
                adopt(ring, parcel);
            } else {
                ring.trim();
            }
            return;
        }
        Parcel parcel = choice < 85 ? null : sent.poll();
        if (parcel != null) {
            use(ring, parcel, choice);
        } else {
            releaseNext(ring);
        }
    }

    private void send(JumboPool<JumboView> ring, long handle) {
        taken.incrementAndGet();
        long stamp = stamps.incrementAndGet();
        ring.object(handle).write(stamp);
        sent.add(new Parcel(handle, stamp));
    }

    /// Makes room, or waits a moment until somebody else does.
    private void starve(JumboPool<JumboView> ring, SplittableRandom random) {
        refused.incrementAndGet();
        int room = random.nextInt(ring.options().maxPages());
        if (room % 8 == 0) {
            try {
                ring.awaitFree(SHORT_NANOS);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        for (int i = room; i > 0; i--) {
            releaseNext(ring);
        }
    }

    /// Takes many and releases as many of others.
    private void bulk(JumboPool<JumboView> ring, int count) {
        long[] handles = new long[count];
        int got = ring.allocate(handles, 0, count);
        for (int i = 0; i < got; i++) {
            send(ring, handles[i]);
        }
        for (int i = 0; i < count; i++) {
            Parcel parcel = sent.poll();
            if (parcel == null) {
                ring.release(handles, 0, i);
                return;
            }
            ring.object(parcel.handle).check(parcel.stamp);
            handles[i] = parcel.handle;
        }
        ring.release(handles, 0, count);
    }

    private void releaseNext(JumboPool<JumboView> ring) {
        Parcel parcel = sent.poll();
        if (parcel != null) {
            release(ring, parcel);
        }
    }

    private void use(JumboPool<JumboView> ring, Parcel parcel, int choice) {
        ring.object(parcel.handle).check(parcel.stamp);
        if (choice < 88 && owned.size() < MAX_QUEUED) {
            owned.add(new Parcel(ring.exchange().steal(parcel.handle), parcel.stamp));
        } else if (choice < 92 && owned.size() < MAX_QUEUED) {
            long consumers = ring.exchange().flip(parcel.handle, 0, ring.pageByteSize(), 0);
            assertThat(consumers).isNotNegative();
            if (choice == 88) {
                ring.exchange().adopt(consumers); // before the message is freed
                release(ring, parcel);
            } else {
                ring.release(parcel.handle);
                owned.add(new Parcel(consumers, parcel.stamp));
            }
        } else if (choice < 95) {
            ring.hold(parcel.handle);
            ring.release(parcel.handle);
            ring.object(parcel.handle).check(parcel.stamp);
            ring.unhold(parcel.handle);
        } else {
            ring.arm(parcel.handle);
            ring.receive(parcel.handle);
            release(ring, parcel);
        }
    }

    /// Writes the page once more, so that whoever has it too sees that.
    private void release(JumboPool<JumboView> ring, Parcel parcel) {
        JumboView view = ring.object(parcel.handle);
        view.check(parcel.stamp);
        long stamp = stamps.incrementAndGet();
        view.write(stamp);
        view.check(stamp);
        ring.release(parcel.handle);
    }

    private static void adopt(JumboPool<JumboView> ring, Parcel parcel) {
        ring.object(parcel.handle).check(parcel.stamp);
        ring.exchange().adopt(parcel.handle);
    }
}
