package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.time.Duration;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many threads allocate pages and hand them to each other. The other threads release, steal, flip, hold or write them,
/// while the pool grows and shrinks. Between the rounds no page is in use and all counts are exact.
///
/// `-Dseed=` replays the operations of another run; `-Dleasehold.soak=true` runs a minute for each page size.
class JumboConcurrentTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int PLATFORM = 4;
    private static final int VIRTUAL = SOAK ? 1_000 : 20;
    private static final int STEPS = SOAK ? 20_000 : 700;
    private static final long SOAK_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int ROUNDS = 3;
    private static final int MAX_QUEUED = 64;
    private static final int MAX_BULK = 100;
    private static final Duration SHORT = Duration.ofNanos(50_000);

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
        JumboOptions options = JumboFixture.options(bufferSize).toBuilder()
                .pages(0, maxPages)
                .shards(3)
                .watermarks(maxPages / 4, maxPages - 2, isHigh -> pressure.incrementAndGet())
                .build();
        SplittableRandom random = new SplittableRandom(seed);
        try (JumboFixture fixture = new JumboFixture(options, 3)) {
            long start = System.nanoTime();
            for (int round = 0; SOAK ? System.nanoTime() - start < SOAK_NANOS : round < ROUNDS; round++) {
                round(fixture, random);
            }
            fixture.pool().trim();
            assertThat(fixture.takenBytes()).isZero();
        }
        assertThat(taken.get()).isGreaterThan(1_000);
        assertThat(refused.get()).as("allocations over the bound").isPositive();
    }

    /// New platform threads each time, so that shards of dead threads are claimed again.
    private void round(JumboFixture fixture, SplittableRandom random) throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        for (int t = 0; t < PLATFORM + VIRTUAL; t++) {
            SplittableRandom own = random.split();
            int steps = t < PLATFORM ? STEPS : STEPS / 10;
            Watchdog.Task task = () -> {
                for (int i = 0; i < steps; i++) {
                    step(fixture.pool(), own);
                }
            };
            if (t < PLATFORM) {
                watchdog.start("platform " + t, task);
            } else {
                watchdog.startVirtual("virtual " + t, task);
            }
        }
        for (int i = 0; i < 20; i++) {
            fixture.decay(1); // by one thread, as the maintenance does
            Thread.yield();
        }
        watchdog.join();
        fixture.check();
        assertThat(fixture.pool().stats().pages().outstanding()).isEqualTo(sent.size());
        assertThat(fixture.pool().stats().pages().stolen()).isEqualTo(owned.size());
        for (Parcel parcel = sent.poll(); parcel != null; parcel = sent.poll()) {
            release(fixture.pool(), parcel);
        }
        for (Parcel parcel = owned.poll(); parcel != null; parcel = owned.poll()) {
            adopt(fixture.pool(), parcel);
        }
        fixture.check();
        assertThat(fixture.pool().stats().pages().outstanding()).isZero();
        assertThat(pressure.get() % 2).as("pressure ends as often as it begins").isZero();
    }

    private void step(JumboPool<JumboView> pool, SplittableRandom random) {
        int choice = random.nextInt(100);
        if (choice < 66) {
            long handle = pool.tryAllocate();
            if (handle < 0) {
                starve(pool, random);
            } else {
                send(pool, handle);
            }
            return;
        }
        if (choice < 70) {
            bulk(pool, random.nextInt(MAX_BULK));
            return;
        }
        if (choice > 97) {
            Parcel parcel = owned.poll();
            if (parcel != null) {
                adopt(pool, parcel);
            } else {
                pool.trim();
            }
            return;
        }
        Parcel parcel = choice < 85 ? null : sent.poll();
        if (parcel != null) {
            use(pool, parcel, choice);
        } else {
            releaseNext(pool);
        }
    }

    private void send(JumboPool<JumboView> pool, long handle) {
        taken.incrementAndGet();
        long stamp = stamps.incrementAndGet();
        pool.object(handle).write(stamp);
        sent.add(new Parcel(handle, stamp));
    }

    /// Makes room, or waits until another thread does.
    private void starve(JumboPool<JumboView> pool, SplittableRandom random) {
        refused.incrementAndGet();
        int room = random.nextInt(pool.options().maxPages());
        if (room % 8 == 0) {
            try {
                pool.awaitFree(SHORT);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        for (int i = room; i > 0; i--) {
            releaseNext(pool);
        }
    }

    /// Allocates many pages and releases as many pages of other threads.
    private void bulk(JumboPool<JumboView> pool, int count) {
        long[] handles = new long[count];
        int got = pool.tryAllocate(handles, 0, count);
        for (int i = 0; i < got; i++) {
            send(pool, handles[i]);
        }
        for (int i = 0; i < count; i++) {
            Parcel parcel = sent.poll();
            if (parcel == null) {
                pool.free(handles, 0, i);
                return;
            }
            pool.object(parcel.handle).check(parcel.stamp);
            handles[i] = parcel.handle;
        }
        pool.free(handles, 0, count);
    }

    private void releaseNext(JumboPool<JumboView> pool) {
        Parcel parcel = sent.poll();
        if (parcel != null) {
            release(pool, parcel);
        }
    }

    private void use(JumboPool<JumboView> pool, Parcel parcel, int choice) {
        pool.object(parcel.handle).check(parcel.stamp);
        if (choice < 88 && owned.size() < MAX_QUEUED) {
            owned.add(new Parcel(pool.exchange().steal(parcel.handle), parcel.stamp));
        } else if (choice < 92 && owned.size() < MAX_QUEUED) {
            long consumers = pool.exchange().flip(parcel.handle, 0, pool.pageByteSize(), 0);
            assertThat(consumers).isNotNegative();
            if (choice == 88) {
                pool.exchange().adopt(consumers); // before the message is freed
                release(pool, parcel);
            } else {
                pool.free(parcel.handle);
                owned.add(new Parcel(consumers, parcel.stamp));
            }
        } else if (choice < 95) {
            pool.hold(parcel.handle);
            pool.free(parcel.handle);
            pool.object(parcel.handle).check(parcel.stamp);
            pool.unhold(parcel.handle);
        } else {
            pool.arm(parcel.handle);
            pool.receive(parcel.handle);
            release(pool, parcel);
        }
    }

    /// Writes the page once more, so that another holder of the page detects it.
    private void release(JumboPool<JumboView> pool, Parcel parcel) {
        JumboView view = pool.object(parcel.handle);
        view.check(parcel.stamp);
        long stamp = stamps.incrementAndGet();
        view.write(stamp);
        view.check(stamp);
        pool.free(parcel.handle);
    }

    private static void adopt(JumboPool<JumboView> pool, Parcel parcel) {
        pool.object(parcel.handle).check(parcel.stamp);
        pool.exchange().adopt(parcel.handle);
    }
}
