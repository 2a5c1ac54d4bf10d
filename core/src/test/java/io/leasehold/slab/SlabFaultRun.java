package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Opens, uses and closes two heaps, one after the other on one arena, over memory with injected failures. Then checks
/// that no failure left anything behind.
///
/// The calls and their order are always the same as long as nothing fails. A step may throw the error of the kernel
/// only if wired pages are locked. Otherwise the heap returns null, and throws nothing.
///
/// **Threads.** Confined to one thread.
final class SlabFaultRun {

    private static final long BYTES = 48 << 20;
    private static final long BUDGET = 20 << 20; // so that memory must be freed before more is allocated

    /// The kinds of arena.
    enum Setup {
        ANONYMOUS,
        MEMORY_FILE,
        LOCKED_WHEN_WIRED;

        boolean isPossible(VirtualMemory memory) {
            return switch (this) {
                case ANONYMOUS -> true;
                case MEMORY_FILE -> memory.can(Capability.MAP);
                case LOCKED_WHEN_WIRED -> memory.can(Capability.LOCK);
            };
        }
    }

    /// One step of the run.
    private interface Step {
        void run();
    }

    /// Called before each step. It may arm a fault or disarm it.
    interface Saboteur {
        void beforeStep(FaultyVirtualMemory memory);
    }

    private final Setup setup;
    private final Set<Integer> errnos; // errors of the injected faults
    private final Saboteur saboteur;
    final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final MappingBudget mappings = new MappingBudget(10_000);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final MemoryBudget budget = MemoryBudget.of("faulty", BUDGET);
    private final PageArena arena;
    private final SplittableRandom random = new SplittableRandom(4); // always the same script
    private final AllocatedBlocks blocks = new AllocatedBlocks();
    private long now;

    SlabFaultRun(Setup setup, Set<Integer> errnos, Saboteur saboteur) {
        this.setup = setup;
        this.errnos = errnos;
        this.saboteur = saboteur;
        this.arena = PageArenas.open(
                PageArenaOptions.builder()
                        .name("faulty")
                        .pageByteSize(Math.max(4096, memory.pageSize()))
                        .byteSize(BYTES)
                        .memoryFile(setup == Setup.MEMORY_FILE)
                        .lockWired(setup == Setup.LOCKED_WHEN_WIRED)
                        .decay(SlabSetup.DECAY)
                        .budget(budget)
                        .build(),
                reservations);
    }

    /// Runs both heaps, and proves that nothing is left.
    void run() {
        live(false);
        live(true);
        memory.disarm();
        assertThat(arena.stats().livePages()).isZero();
        assertThat(arena.stats().wiredPages()).isZero();
        arena.close();
        assertThat(budget.usedBytes()).as("bytes left").isZero();
        assertThat(mappings.used()).as("mappings charged").isEqualTo(2L * reservations.retainedCount());
        reservations.releaseRetained();
    }

    private void live(boolean forced) {
        SlabHeapOptions options = SlabHeapOptions.defaults().withName("faulty").withThreadCacheByteSize(16 << 10);
        SlabHeap<SlabBlock> heap = SlabHeap.open(arena, options, SlabBlock::new);
        for (int size : new int[] {16, 300, 5000, 100_000}) {
            for (int i = 0; i < 8; i++) {
                allocate(heap, size + i);
            }
        }
        allocate(heap, 5 << 20); // is committed by a call of its own
        allocate(heap, 6 << 20);
        grow(heap, 7 << 20);
        grow(heap, 9 << 20);
        release(heap, 3);
        attempt(heap, "trim", heap::trim);
        attempt(heap, "tick", () -> PageArenas.step(arena, now += SlabSetup.DECAY.toNanos() / 4));
        for (int i = 0; i < 6; i++) {
            allocate(heap, (3 << 20) + i); // more than the budget allows
        }
        attempt(heap, "trim the arena", arena::trim);
        release(heap, 2);
        for (int i = 0; i < 9; i++) {
            attempt(heap, "decay", () -> PageArenas.step(arena, now += SlabSetup.DECAY.toNanos() / 4));
        }
        allocate(heap, 300);
        allocate(heap, 1 << 20);
        proveWhole(heap);
        close(heap, forced);
    }

    private void allocate(SlabHeap<SlabBlock> heap, int byteSize) {
        attempt(heap, "allocate " + byteSize, () -> {
            long before = memory.injected();
            SlabBlock block = heap.tryAllocate(byteSize);
            if (block != null) {
                blocks.add(block);
            } else {
                boolean isShort = blocks.byteSize() + byteSize > BUDGET / 2;
                assertThat(isShort || memory.injected() > before)
                        .as("rejected %d bytes with %d bytes in use and no fault", byteSize, blocks.byteSize())
                        .isTrue();
            }
        });
    }

    private void grow(SlabHeap<SlabBlock> heap, int byteSize) {
        if (blocks.count() > 0) {
            SlabBlock block = blocks.remove(blocks.count() - 1);
            int written = block.byteSize;
            attempt(
                    heap,
                    "grow",
                    () -> {
                        block.grow(byteSize);
                        block.check(written);
                    },
                    block);
            blocks.add(block);
        }
    }

    private void release(SlabHeap<SlabBlock> heap, int oneIn) {
        for (int i = blocks.count() - 1; i >= 0; i--) {
            if (random.nextInt(oneIn) != 0) {
                SlabBlock block = blocks.remove(i);
                boolean done = attempt(heap, "release", block::release);
                assertThat(done).as("a release makes no system call").isTrue();
            }
        }
    }

    /// Disarms the faults, and checks that all free memory can be allocated again.
    private void proveWhole(SlabHeap<SlabBlock> heap) {
        if (memory.injected() == 0) {
            return;
        }
        memory.disarm();
        heap.trim();
        List<SlabBlock> more = new ArrayList<>();
        for (SlabBlock block = heap.tryAllocate(4096); block != null; block = heap.tryAllocate(4096)) {
            more.add(block);
        }
        assertThat(blocks.byteSize() + more.size() * 4096L)
                .as("bytes that can be allocated")
                .isGreaterThan(BUDGET * 3 / 4);
        more.forEach(SlabBlock::release);
        heap.trim();
        check(heap);
    }

    private void close(SlabHeap<SlabBlock> heap, boolean forced) {
        saboteur.beforeStep(memory);
        if (!forced) {
            if (blocks.count() > 0) {
                assertThatIllegalStateException()
                        .isThrownBy(heap::close)
                        .withMessageStartingWith("heap has blocks in use");
                check(heap);
            }
            blocks.releaseAll();
        }
        int inUse = blocks.count();
        long barriersBefore = memory.injected(Call.BARRIER);
        long unlocksBefore = memory.injected(Call.UNLOCK);
        try {
            if (forced) {
                assertThat(heap.closeForcibly()).isEqualTo(inUse);
            } else {
                heap.close();
            }
        } catch (SystemCallException e) {
            expected(e, "close");
            memory.disarm();
            assertThatIllegalStateException().isThrownBy(() -> heap.tryAllocate(100));
            if (forced) {
                heap.closeForcibly();
            } else {
                heap.close();
            }
        } catch (IllegalStateException e) {
            assertThat(memory.injected(Call.BARRIER)).as("%s", e).isGreaterThan(barriersBefore);
            assertThat(e).hasMessageStartingWith("a thread is inside allocate or release");
            check(heap);
            memory.disarm();
            heap.close();
        }
        blocks.checkAll();
        blocks.releaseAll(); // the blocks that were in use at the forced close
        if (memory.injected(Call.BARRIER) > barriersBefore || memory.injected(Call.UNLOCK) > unlocksBefore) {
            memory.disarm();
            heap.closeForcibly(); // frees blocks in caches behind a failed barrier, and slabs that stayed locked
        }
        assertThat(heap.stats().heldBytes()).isZero();
        assertThat(arena.stats().livePages()).isZero();
        PageArenas.checkInvariants(arena);
    }

    /// {@return true if the step did not throw}
    private boolean attempt(SlabHeap<SlabBlock> heap, String what, Step step, SlabBlock... more) {
        saboteur.beforeStep(memory);
        long before = memory.injected();
        boolean done = false;
        try {
            step.run();
            done = true;
        } catch (SystemCallException e) {
            expected(e, what);
        }
        if (memory.injected() > before) {
            heap.checkInvariants();
            PageArenas.checkInvariants(arena);
            assertThat(heap.stats().liveBlocks())
                    .as("blocks in use after %s", what)
                    .isEqualTo(blocks.count() + more.length);
            check(heap);
        }
        return done;
    }

    private void expected(SystemCallException e, String what) {
        assertThat(setup).as("%s threw %s", what, e).isEqualTo(Setup.LOCKED_WHEN_WIRED);
        assertThat(errnos).as("injected, and seen as %s", e).contains(e.errno());
    }

    private void check(SlabHeap<SlabBlock> heap) {
        heap.checkInvariants();
        PageArenas.checkInvariants(arena);
        blocks.checkAll();
        assertThat(heap.stats().heldBytes())
                .as("%s", heap.stats())
                .isEqualTo(arena.stats().livePages() * arena.options().pageByteSize());
    }
}
