package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Several event loops read into one ring. Platform and virtual threads check, slice, extend and release the buffers,
/// while the ring grows and shrinks.
///
/// `-Dseed=` gives each thread the operations of another run. `-Dleasehold.soak=true` runs for one minute for each page
/// length.
class LeasedBufferRingBurnTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int LOOPS = 3;
    private static final int PLATFORM = 2;
    private static final int VIRTUAL = SOAK ? 1_000 : 20;
    private static final int READS = SOAK ? 20_000 : 500;
    private static final long SOAK_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int MAX_PAGES = 96;
    private static final int DEPTH = 8;

    /// A buffer that was read, and its expected content.
    private record Parcel(ByteBuf read, int length, int seed) {}

    private final BlockingQueue<Parcel> sent = new LinkedBlockingQueue<>();
    private final AtomicInteger seeds = new AtomicInteger();
    private final AtomicInteger reading = new AtomicInteger();
    private final AtomicLong shut = new AtomicLong();

    @ParameterizedTest
    @EnumSource(names = {"KIB_4", "KIB_64"})
    void whatIsReadStaysWhatItIsUntilItsLastHolderReleasesIt(BufferSize pages) throws InterruptedException {
        long seed = Long.getLong("seed", SOAK ? System.nanoTime() : 20261121L);
        System.out.printf(
                "ring burn: %s, threads=%d+%d, seed=%d, replay with -Dtest=LeasedBufferRingBurnTest -Dseed=%d%n",
                pages, LOOPS + PLATFORM, VIRTUAL, seed, seed);
        SplittableRandom random = new SplittableRandom(seed);
        LeasedByteBufAllocator allocator =
                TestAllocators.builder("burn", 64L << 20).build();
        LeasedBufferRing ring = LeasedBufferRing.open(
                allocator,
                LeasedBufferRingOptions.builder()
                        .name("burn")
                        .bufferSize(pages)
                        .slabByteSize(256 << 10)
                        .pages(MAX_PAGES, 16, 64)
                        .eventLoops(LOOPS)
                        .depth(DEPTH)
                        .build());
        long start = System.nanoTime();
        do {
            round(ring, random);
        } while (SOAK && System.nanoTime() - start < SOAK_NANOS);
        LeasedBufferRingStats stats = ring.stats();
        System.out.printf("ring burn: %s%n", stats);
        assertThat(stats.pages().slabs().shrinks()).isPositive();
        assertThat(stats.fallbacks().unpooled()).isZero();
        ring.close(); // fails if a page is in use, and names it
        allocator.close();
    }

    /// Each round starts new threads, so that the shards of dead threads are taken over.
    private void round(LeasedBufferRing ring, SplittableRandom random) throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        reading.set(LOOPS);
        for (int t = 0; t < LOOPS; t++) {
            SplittableRandom own = random.split();
            boolean incremental = t == 0;
            watchdog.start("loop " + t, () -> {
                try (KernelRing kernel = new KernelRing(ring, DEPTH, incremental)) {
                    for (int i = 0; i < READS; i++) {
                        read(ring, kernel, own);
                    }
                } finally {
                    reading.decrementAndGet();
                }
            });
        }
        watchdog.await("gate that is shut", () -> shut.get() > 0); // no thread consumes yet
        for (int t = 0; t < PLATFORM + VIRTUAL; t++) {
            SplittableRandom own = random.split();
            Watchdog.Task task = () -> consume(ring, own);
            if (t < PLATFORM) {
                watchdog.start("consumer " + t, task);
            } else {
                watchdog.startVirtual("virtual " + t, task);
            }
        }
        watchdog.join();
        assertThat(sent).isEmpty();
        assertThat(ring.stats().pages().pages().outstanding()).isZero();
        ring.trim();
        assertThat(ring.stats().pages().bytes().taken()).isZero();
    }

    private void read(LeasedBufferRing ring, KernelRing kernel, SplittableRandom random) {
        for (int turn = 0; ring.throttle().isThrottling() && turn < 100; turn++) {
            shut.incrementAndGet();
            Thread.yield();
        }
        int seed = seeds.incrementAndGet();
        int most = Math.min(kernel.writableBytes(), random.nextInt(4) == 0 ? ring.pageByteSize() : 1_000);
        int length = 1 + random.nextInt(most);
        sent.add(new Parcel(kernel.read(length, seed), length, seed));
    }

    /// Waits for buffers. Virtual threads that only yield in turns would keep all others from running.
    private void consume(LeasedBufferRing ring, SplittableRandom random) throws InterruptedException {
        while (reading.get() > 0 || !sent.isEmpty()) {
            Parcel parcel = sent.poll(1, TimeUnit.MILLISECONDS);
            if (parcel == null) {
                continue;
            }
            check(parcel);
            switch (random.nextInt(64)) {
                case 0 -> ring.trim();
                case 1, 2, 3 -> {
                    ByteBuf part = parcel.read.retainedSlice(parcel.read.readerIndex(), parcel.length);
                    parcel.read.release();
                    check(new Parcel(part, parcel.length, parcel.seed));
                    part.release();
                    continue;
                }
                case 4 -> {
                    // moves to other memory and frees the page, unless it is a part of a page
                    parcel.read.writeZero(Math.min(parcel.read.maxWritableBytes(), 2 * ring.pageByteSize()));
                    int from = parcel.read.readerIndex(); // not 0, if it is the last part of a page
                    check(new Parcel(parcel.read.slice(from, parcel.length), parcel.length, parcel.seed));
                }
                default -> {}
            }
            parcel.read.release();
        }
    }

    private static void check(Parcel parcel) {
        if (!KernelRing.isRead(parcel.read, parcel.length, parcel.seed)) {
            throw new AssertionError("wrong bytes in " + parcel);
        }
    }
}
