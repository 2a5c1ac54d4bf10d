package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.Seeds;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Random steps of a heap, each of which meets every failure of the Java heap or the stack.
///
/// A step that failed has changed nothing, or it is done. After it nothing is lost, and the next step works.
///
/// **Threads.** Confined to one thread.
final class SlabJavaFaultRandomWalk implements Consumer<JavaFaults.Mode> {

    private static final long BYTES = 48 << 20;
    private static final long BUDGET = 20 << 20;
    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 4_000 : 400;
    private static final int[] SIZES = {16, 300, 5_000, 40_000, 100_000, 1 << 20};

    private final SplittableRandom random = Seeds.random("SlabJavaFaultRandomWalk");
    private final MemoryBudget budget = MemoryBudget.of("faulty", BUDGET);
    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(10_000));
    private final PageArena arena = PageArenas.open(
            PageArenaOptions.builder()
                    .name("faulty")
                    .pageByteSize(Math.max(4096, VirtualMemory.system().pageSize()))
                    .byteSize(BYTES)
                    .decay(SlabSetup.DECAY)
                    .budget(budget)
                    .build(),
            reservations);
    private final AllocatedBlocks blocks = new AllocatedBlocks();
    private FaultedSteps steps = new FaultedSteps(JavaFaults.Mode.HEAP_ONCE, () -> {});
    private @Nullable SlabBlock got;
    private long now;

    @Override
    public void accept(JavaFaults.Mode mode) {
        SlabHeap<SlabBlock> heap = SlabHeap.open(
                arena, SlabHeapOptions.defaults().withName("faulty").withThreadCacheByteSize(16 << 10), SlabBlock::new);
        steps = new FaultedSteps(mode, () -> check(heap));
        for (int size : SIZES) { // faults come after the first requests
            blocks.add(Objects.requireNonNull(heap.tryAllocate(size), "the heap is new"));
        }
        for (int i = 0; i < STEPS; i++) {
            if (random.nextInt(8) == 0) {
                onNewThread(() -> step(heap));
            } else {
                step(heap);
            }
        }
        while (blocks.count() > 0) {
            release();
        }
        steps.run("close", heap::close);
        heap.close();
        assertThat(arena.stats().livePages()).isZero();
        arena.close();
        assertThat(budget.usedBytes()).as("bytes left").isZero();
        reservations.releaseRetained();
    }

    /// Makes a step on a new thread, which first makes its slots and stripes.
    private static void onNewThread(Runnable step) {
        FutureTask<?> task = new FutureTask<>(step, null);
        Thread.ofPlatform().start(task);
        try {
            task.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e.getCause());
        }
    }

    private void step(SlabHeap<SlabBlock> heap) {
        int dice = random.nextInt(20);
        if (dice < 9 || blocks.count() == 0) {
            allocate(heap, SIZES[random.nextInt(SIZES.length)] + random.nextInt(8));
        } else if (dice < 16) {
            release();
        } else if (dice < 17) {
            steps.run("trim", heap::trim);
        } else if (dice < 18) {
            steps.run("trim the arena", arena::trim);
        } else if (dice < 19) {
            grow();
        } else {
            steps.run("decay", () -> PageArenas.step(arena, now += SlabSetup.DECAY.toNanos() / 4));
        }
    }

    private void allocate(SlabHeap<SlabBlock> heap, int byteSize) {
        got = null;
        steps.run("allocate " + byteSize, () -> {
            if (got == null) {
                got = heap.tryAllocate(byteSize);
            }
        });
        if (got != null) {
            blocks.add(got);
            got = null;
        }
    }

    private void release() {
        got = blocks.removeAny(random);
        SlabBlock block = got;
        steps.run("release " + block.byteSize, () -> {
            if (got != null) {
                block.release();
                got = null;
            }
        });
        assertThat(got).isNull();
    }

    private void grow() {
        got = blocks.removeAny(random);
        SlabBlock block = got;
        int written = block.byteSize;
        steps.run("grow", () -> block.grow(Math.max(block.byteSize, 80_000) + 50_000));
        block.check(written);
        blocks.add(block);
        got = null;
    }

    private void check(SlabHeap<SlabBlock> heap) {
        int held = got == null ? 0 : 1;
        heap.checkInvariants();
        PageArenas.checkInvariants(arena);
        assertThat(heap.stats().liveBlocks()).as("live blocks").isEqualTo(blocks.count() + held);
        assertThat(heap.stats().heldBytes())
                .as("%s", heap.stats())
                .isEqualTo(arena.stats().livePages() * arena.options().pageByteSize());
    }
}
