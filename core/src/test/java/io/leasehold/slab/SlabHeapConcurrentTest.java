package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many threads share a heap that is too small for them. Between the rounds no thread runs, and all blocks are counted.
///
/// `-Dseed=` gives each thread the operations of another run; `-Dleasehold.soak=true` runs a minute for each heap, with
/// 10,000 virtual threads.
class SlabHeapConcurrentTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int PLATFORM = SOAK ? 2 * Runtime.getRuntime().availableProcessors() : 4;
    private static final int VIRTUAL = SOAK ? 10_000 : 200;
    private static final long SOAK_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int ROUNDS = 3;
    private static final int PLATFORM_STEPS = SOAK ? 100_000 : 700;
    private static final int VIRTUAL_STEPS = SOAK ? 100 : 30;

    /// The heaps to share.
    enum Setup {
        PAGES_OF_4_KIB,
        PAGES_OF_64_KIB,
        NO_THREAD_CACHE,
        JAVA_HEAP;

        SlabSetup setup() {
            SlabSetup setup = SlabSetup.pages(this == PAGES_OF_64_KIB ? 64 << 10 : 4 << 10);
            return switch (this) {
                case NO_THREAD_CACHE -> setup.withThreadCache(0);
                case JAVA_HEAP -> setup.inArrays();
                default -> setup;
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void threadsShareAHeapSmallerThanTheirDemand(Setup setup) throws InterruptedException {
        long seed = Long.getLong("seed", SOAK ? System.nanoTime() : 20261123L);
        System.out.printf(
                "slab workers: %s, threads=%d+%d, seed=%d, replay with -Dtest=SlabHeapConcurrentTest -Dseed=%d%n",
                setup, PLATFORM, VIRTUAL, seed, seed);
        long mib = SOAK ? 24 : 4;
        SlabFixture fixture = new SlabFixture(setup.setup(), mib * SlabFixture.MIB);
        Crowd crowd = new Crowd(fixture, new SplittableRandom(seed));
        long start = System.nanoTime();
        try {
            for (int round = 0; SOAK ? System.nanoTime() - start < SOAK_NANOS : round < ROUNDS; round++) {
                crowd.round(round);
            }
            crowd.leave();
        } catch (Throwable e) {
            throw new AssertionError("%s, seed=%d: %s".formatted(setup, seed, e.getMessage()), e);
        }
        assertThat(crowd.allocated.get()).isGreaterThan(1_000);
        if (!setup.setup().onJavaHeap()) {
            assertThat(crowd.rejected.get()).as("requests over the budget").isPositive();
        }
        fixture.close();
    }

    /// All workers, and the blocks that they hand to each other.
    private static final class Crowd {

        final SlabFixture fixture;
        final Queue<SlabBlock> sent = new ConcurrentLinkedQueue<>();
        final AtomicLong stamps = new AtomicLong();
        final AtomicLong allocated = new AtomicLong();
        final AtomicLong rejected = new AtomicLong();
        final List<Worker> workers = new ArrayList<>();

        Crowd(SlabFixture fixture, SplittableRandom random) {
            this.fixture = fixture;
            for (int i = 0; i < PLATFORM + VIRTUAL; i++) {
                workers.add(new Worker(this, random.split(), i < PLATFORM ? 40 : 6));
            }
        }

        /// Runs all workers. Platform threads are new in each round, so that the slots of terminated threads are
        /// reused.
        void round(int round) throws InterruptedException {
            Watchdog watchdog = new Watchdog();
            for (int i = 0; i < workers.size(); i++) {
                Worker worker = workers.get(i);
                if (i < PLATFORM) {
                    watchdog.start("platform " + i, () -> worker.run(PLATFORM_STEPS));
                } else {
                    watchdog.startVirtual("virtual " + i, () -> worker.run(VIRTUAL_STEPS));
                }
            }
            // one thread runs the ticks, like the maintenance thread
            for (int i = 0; i < 20; i++) {
                fixture.tick();
                Thread.yield();
            }
            watchdog.join();
            count("round " + round);
        }

        void leave() {
            workers.forEach(worker -> worker.releaseAllBut(0));
            for (SlabBlock block = sent.poll(); block != null; block = sent.poll()) {
                block.check();
                block.release();
            }
            count("end");
            assertThat(fixture.heap().stats().liveBlocks()).isZero();
            fixture.heap().trim();
            assertThat(fixture.livePages()).isZero();
        }

        private void count(String when) {
            AllocatedBlocks model = new AllocatedBlocks();
            List<SlabBlock> all = new ArrayList<>(sent);
            workers.forEach(worker -> all.addAll(worker.held));
            for (SlabBlock block : all) {
                block.check();
                model.add(block); // fails if it overlaps another block
            }
            assertThat(fixture.heap().stats().liveBlocks())
                    .as("blocks in use at %s", when)
                    .isEqualTo(all.size());
            fixture.check(model);
        }
    }

    /// The operations of one thread.
    private static final class Worker {

        private final Crowd crowd;
        private final SplittableRandom random;
        private final int maxHeld;
        final List<SlabBlock> held = new ArrayList<>();

        Worker(Crowd crowd, SplittableRandom random, int maxHeld) {
            this.crowd = crowd;
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
            } else if (choice < 44 && !held.isEmpty()) {
                release(take());
            } else if (choice < 52 && !held.isEmpty()) {
                crowd.sent.add(take());
            } else if (choice < 58) {
                SlabBlock block = crowd.sent.poll();
                if (block != null) {
                    release(block);
                }
            } else if (choice < 60 && !held.isEmpty()) {
                grow(held.get(random.nextInt(held.size())));
            } else if (choice < 61) {
                Thread.yield();
            } else if (choice < 62 && random.nextInt(64) == 0) {
                crowd.fixture.heap().trim();
            } else if (choice < 63 && random.nextInt(64) == 0) {
                assertThat(crowd.fixture.heap().stats().heldBytes()).isNotNegative();
            }
        }

        private void allocate() {
            int size = random.nextInt(50) == 0
                    ? random.nextInt(400 << 10)
                    : (int) Math.min(64 << 10, 1500 * Math.exp(1.5 * random.nextGaussian()));
            SlabBlock block = crowd.fixture.heap().tryAllocate(size);
            if (block == null) {
                crowd.rejected.incrementAndGet();
                releaseAllBut(maxHeld / 2);
                return;
            }
            crowd.allocated.incrementAndGet();
            assertThat(block.byteSize).isGreaterThanOrEqualTo(size);
            block.write(crowd.stamps.incrementAndGet());
            held.add(block);
        }

        private void grow(SlabBlock block) {
            int written = block.byteSize;
            if (block.grow(Math.min(1 << 20, 2 * written))) {
                block.check(written);
                block.write(crowd.stamps.incrementAndGet());
            }
        }

        private SlabBlock take() {
            return held.remove(random.nextInt(held.size()));
        }

        /// Writes the block once more, so that another holder of the block would see it.
        private void release(SlabBlock block) {
            block.check();
            block.write(crowd.stamps.incrementAndGet());
            block.check();
            if (random.nextInt(32) == 0) {
                crowd.fixture.heap().unbind(block.handle);
                SlabBlock other =
                        new SlabBlock(crowd.fixture.heap(), block.handle, block.array, block.address, block.byteSize);
                crowd.fixture.heap().free(block.handle, other);
            } else {
                block.release();
            }
        }

        void releaseAllBut(int count) {
            while (held.size() > count) {
                release(held.removeLast());
            }
        }
    }
}
