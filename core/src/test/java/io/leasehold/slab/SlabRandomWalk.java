package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// A random walk through the operations of a heap: bursts and lulls, small blocks and a few very large ones. All blocks
/// in use are checked against a model.
///
/// **Ownership.** Closes its [SlabFixture] by force, because a walk that failed leaves blocks in use.
///
/// **Threads.** Confined to one thread, except that two other threads do single operations while it waits.
final class SlabRandomWalk implements AutoCloseable {

    private static final int CHECKED_STEPS = 1_500;
    private static final int CHECK_EVERY = 64;
    private static final int PHASE_STEPS = 4_000;
    private static final int MAX_BLOCKS = 1_500;

    private final SlabFixture fixture;
    private final SplittableRandom random;
    private final AllocatedBlocks blocks = new AllocatedBlocks();
    private final ExecutorService platform =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private final ExecutorService virtual =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
    private String operation = "open";
    private int target = MAX_BLOCKS;

    SlabRandomWalk(SlabFixture fixture, long seed) {
        this.fixture = fixture;
        this.random = new SplittableRandom(seed);
    }

    String operation() {
        return operation;
    }

    void step(int step) {
        if (step % PHASE_STEPS == 0) {
            target = random.nextInt(3) == 0 ? 10 : 1 + random.nextInt(MAX_BLOCKS);
        }
        int choice = random.nextInt(1000);
        if (choice < 850) {
            boolean allocates = random.nextInt(target * 2) >= blocks.count();
            if (allocates || blocks.count() == 0) {
                allocate();
            } else {
                operation = "release";
                blocks.removeAny(random).release();
            }
        } else if (choice < 993) {
            if (blocks.count() > 0) {
                use(choice);
            }
        } else {
            giveBack(choice);
        }
        if (step < CHECKED_STEPS || step % CHECK_EVERY == 0) {
            fixture.check(blocks);
        }
    }

    /// Releases everything, and checks that nothing is left.
    void finish() {
        operation = "finish";
        blocks.checkAll();
        blocks.releaseAll();
        fixture.check(blocks);
        fixture.heap().trim();
        fixture.check(blocks);
        assertThat(fixture.livePages()).isZero();
        assertThat(fixture.heap().stats().heldBytes()).isZero();
        fixture.heap().close();
    }

    private void use(int choice) {
        if (choice < 900) {
            operation = "check";
            blocks.get(random.nextInt(blocks.count())).check();
        } else if (choice < 930) {
            operation = "release elsewhere";
            SlabBlock block = blocks.removeAny(random);
            ExecutorService elsewhere = (choice & 1) == 0 ? platform : virtual;
            await(elsewhere.submit(block::release));
        } else if (choice < 960) {
            operation = "unbind";
            SlabBlock block = blocks.removeAny(random);
            fixture.heap().unbind(block.handle);
            SlabBlock other = new SlabBlock(fixture.heap(), block.handle, block.array, block.address, block.byteSize);
            fixture.heap().free(block.handle, other);
        } else {
            grow();
        }
    }

    private void grow() {
        SlabBlock block = blocks.removeAny(random);
        int to = (int) Math.min(SizeClasses.MAX_BYTES, block.byteSize * (1 + 2 * random.nextDouble()));
        operation = "grow " + block + " to " + to;
        long handle = block.handle;
        int written = block.byteSize;
        if (block.grow(to)) {
            assertThat(block.byteSize).isGreaterThanOrEqualTo(to);
            assertThat(block.handle).isNotEqualTo(handle);
        }
        block.check(written);
        blocks.add(block);
    }

    private void allocate() {
        int size = size();
        operation = "allocate " + size;
        int sizesToBorrowFrom = fixture.isPlentiful() ? ClassPools.SIZES_TO_BORROW_FROM : 0;
        SlabBlock block = random.nextInt(100) == 0
                ? await(platform.submit(() -> fixture.heap().tryAllocate(size)))
                : fixture.heap().tryAllocate(size);
        if (block != null) {
            int sizeClass = SizeClasses.of(size);
            int most = Math.min(SizeClasses.COUNT - 1, sizeClass + sizesToBorrowFrom);
            assertThat(block.byteSize)
                    .isBetween(Math.max(size, SizeClasses.byteSize(sizeClass)), SizeClasses.byteSize(most));
            blocks.add(block);
        } else {
            if (SizeClasses.byteSize(SizeClasses.of(size)) <= fixture.pageBytes()) {
                // one free page is enough; a longer block may find free pages that are not adjacent
                assertThat((long) fixture.livePages() * fixture.pageBytes())
                        .as("pages in use")
                        .isEqualTo(fixture.byteSize());
            }
            if (blocks.count() > 0) {
                blocks.removeAny(random).release();
            }
        }
    }

    /// {@return a random size: mostly hundreds or thousands of bytes, sometimes much more}
    private int size() {
        int kind = random.nextInt(1000);
        if (kind == 0) {
            return 1 + random.nextInt((int) (fixture.byteSize() / 3));
        }
        if (kind < 10) {
            return (64 << 10) + random.nextInt(512 << 10);
        }
        return (int) Math.min(64 << 10, 1000 * Math.exp(1.5 * random.nextGaussian()));
    }

    private void giveBack(int choice) {
        switch (choice % 7) {
            case 0 -> {
                operation = "trim";
                fixture.heap().trim();
            }
            case 1 -> {
                operation = "trim the arena";
                fixture.arena().trim();
                if (!fixture.setup().onJavaHeap()) {
                    assertThat(fixture.livePages()).isEqualTo(fixture.pagesUnder(blocks.blocks()));
                }
            }
            default -> {
                operation = "tick";
                fixture.tick();
            }
        }
    }

    private static <R extends @Nullable Object> R await(Future<R> future) {
        try {
            return future.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        platform.shutdown();
        virtual.shutdown();
        fixture.closeForcibly();
    }
}
