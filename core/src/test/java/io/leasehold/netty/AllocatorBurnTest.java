package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many threads share an allocator whose limit is below their demand. Every byte is checked before a buffer is
/// released, and nothing is outstanding at the end.
///
/// `-Dseed=` gives each thread the operations of another run. `-Dleasehold.soak=true` runs for one minute at each
/// level, with twice as many platform threads as processors and 10,000 virtual threads.
class AllocatorBurnTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int PLATFORM = SOAK ? 2 * Runtime.getRuntime().availableProcessors() : 4;
    private static final int VIRTUAL = SOAK ? 10_000 : 80;
    private static final long SOAK_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int ROUNDS = 2;
    private static final int PLATFORM_STEPS = SOAK ? 50_000 : 700;
    private static final int VIRTUAL_STEPS = SOAK ? 100 : 60;
    private static final long BYTE_LIMIT = SOAK ? 24L << 20 : 4L << 20;

    private final Level levelBefore = ResourceLeakDetector.getLevel();
    private final Queue<ByteBuf> sent = new ConcurrentLinkedQueue<>();
    private final AtomicLong stamps = new AtomicLong();
    private final AtomicLong allocated = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();

    @AfterEach
    void watchAsBefore() {
        ResourceLeakDetector.setLevel(levelBefore);
    }

    @ParameterizedTest
    @EnumSource(names = {"DISABLED", "SIMPLE"})
    void everyByteOverTheBound(Level level) throws InterruptedException {
        ResourceLeakDetector.setLevel(level);
        long seed = Long.getLong("seed", SOAK ? System.nanoTime() : 20261121L);
        System.out.printf(
                "allocator burn: %s, threads=%d+%d, seed=%d, replay with -Dtest=AllocatorBurnTest -Dseed=%d%n",
                level, PLATFORM, VIRTUAL, seed, seed);
        SplittableRandom random = new SplittableRandom(seed);
        LeasedByteBufAllocator allocator =
                TestAllocators.builder("burn", BYTE_LIMIT).build();
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < PLATFORM + VIRTUAL; i++) {
            workers.add(new Worker(allocator, random.split(), i < PLATFORM ? 40 : 6));
        }
        long start = System.nanoTime();
        for (int round = 0; SOAK ? System.nanoTime() - start < SOAK_NANOS : round < ROUNDS; round++) {
            runAll(workers);
        }
        workers.forEach(worker -> worker.releaseAllBut(0));
        for (ByteBuf buf = sent.poll(); buf != null; buf = sent.poll()) {
            check(buf);
            buf.release();
        }
        assertThat(allocated.get()).isGreaterThan(1_000);
        assertThat(refused.get()).as("requests over the bound").isPositive();
        assertThat(allocator.metric().pinnedBuffers()).isZero();
        assertThat(allocator.metric().pinnedBytes()).isZero();
        allocator.trim();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
        allocator.close(); // fails if a buffer is outstanding, and names it
    }

    /// Each round starts new platform threads, so that the magazines of dead threads are taken over.
    private static void runAll(List<Worker> workers) throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        for (int i = 0; i < workers.size(); i++) {
            Worker worker = workers.get(i);
            if (i < PLATFORM) {
                watchdog.start("platform " + i, () -> worker.run(PLATFORM_STEPS));
            } else {
                watchdog.startVirtual("virtual " + i, () -> worker.run(VIRTUAL_STEPS));
            }
        }
        watchdog.join();
    }

    /// Writes a unique stamp to the first long of a buffer, and bytes that depend on the stamp behind it.
    private void stamp(ByteBuf buf) {
        long stamp = stamps.incrementAndGet();
        buf.setLong(0, stamp);
        for (int i = Long.BYTES; i < buf.capacity(); i++) {
            buf.setByte(i, byteAt(stamp, i));
        }
    }

    private static void check(ByteBuf buf) {
        long stamp = buf.getLong(0);
        for (int i = Long.BYTES; i < buf.capacity(); i++) {
            if (buf.getByte(i) != byteAt(stamp, i)) {
                throw new AssertionError("byte %d of %s is %d and not %d, of stamp %d"
                        .formatted(i, buf, buf.getByte(i), byteAt(stamp, i), stamp));
            }
        }
    }

    private static byte byteAt(long stamp, int index) {
        return (byte) (((stamp + index) * 0x9E3779B97F4A7C15L) >>> 56);
    }

    /// The buffers and operations of one thread.
    private final class Worker {

        private final LeasedByteBufAllocator allocator;
        private final SplittableRandom random;
        private final int maxHeld;
        private final List<ByteBuf> held = new ArrayList<>();

        Worker(LeasedByteBufAllocator allocator, SplittableRandom random, int maxHeld) {
            this.allocator = allocator;
            this.random = random;
            this.maxHeld = maxHeld;
        }

        void run(int steps) {
            for (int i = 0; i < steps; i++) {
                step();
            }
        }

        private void step() {
            int choice = random.nextInt(64);
            if (choice < 30 && held.size() < maxHeld) {
                allocate();
            } else if (choice < 42 && !held.isEmpty()) {
                release(take());
            } else if (choice < 50 && !held.isEmpty()) {
                sent.add(take());
            } else if (choice < 56) {
                ByteBuf buf = sent.poll();
                if (buf != null) {
                    release(buf);
                }
            } else if (choice < 59 && !held.isEmpty()) {
                grow(held.get(random.nextInt(held.size())));
            } else if (choice < 61 && !held.isEmpty()) {
                shareASlice(held.get(random.nextInt(held.size())));
            } else if (choice < 62) {
                Thread.yield();
            } else if (choice < 63 && random.nextInt(64) == 0) {
                allocator.trim();
            }
        }

        private void allocate() {
            int bytes = random.nextInt(50) == 0
                    ? Long.BYTES + random.nextInt(400 << 10)
                    : (int) Math.clamp(1500 * Math.exp(1.5 * random.nextGaussian()), Long.BYTES, 64 << 10);
            try {
                ByteBuf buf = random.nextInt(4) == 0 ? allocator.heapBuffer(bytes) : allocator.directBuffer(bytes);
                allocated.incrementAndGet();
                stamp(buf);
                held.add(buf);
            } catch (BufferMemoryError e) {
                refused.incrementAndGet();
                releaseAllBut(maxHeld / 2);
            }
        }

        private void grow(ByteBuf buf) {
            int before = buf.capacity();
            try {
                buf.capacity(Math.min(1 << 20, 2 * before));
            } catch (BufferMemoryError e) {
                refused.incrementAndGet();
                check(buf);
                return;
            }
            long stamp = buf.getLong(0);
            for (int i = Long.BYTES; i < before; i++) {
                assertThat(buf.getByte(i)).isEqualTo(byteAt(stamp, i));
            }
            stamp(buf);
        }

        private void shareASlice(ByteBuf buf) {
            ByteBuf slice = buf.retainedSlice(0, buf.capacity());
            check(slice);
            slice.release();
        }

        private ByteBuf take() {
            return held.remove(random.nextInt(held.size()));
        }

        /// Writes the buffer once more before its release. If another buffer has the same memory, its check fails.
        private void release(ByteBuf buf) {
            check(buf);
            stamp(buf);
            check(buf);
            assertThat(buf.release()).isTrue();
        }

        void releaseAllBut(int count) {
            while (held.size() > count) {
                release(held.removeLast());
            }
        }
    }
}
