package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenas;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// An arena without maintenance thread, and a heap on it.
///
/// **Ownership.** Closing it closes the heap and the arena, without force: a test that leaves a block or a page
/// allocated fails.
///
/// **Threads.** The heap is thread-safe. The other methods are for the test thread.
final class SlabFixture implements AutoCloseable {

    static final long MIB = 1 << 20;

    /// A quarter of a decay, in which at least one tick of the reclaimers is due.
    private static final long TICK_NANOS = SlabSetup.DECAY.toNanos() / 4;

    private final SlabSetup setup;
    private final MemoryBudget budget = MemoryBudget.of("test", 1 << 30);
    private final Reservations reservations;
    private final PageArena arena;
    private final SlabHeap<SlabBlock> heap;
    private long now;

    SlabFixture(SlabSetup setup, long byteSize) {
        this(setup, byteSize, VirtualMemory.system());
    }

    SlabFixture(SlabSetup setup, long byteSize, VirtualMemory memory) {
        this.setup = setup;
        this.reservations = new Reservations(memory, new MappingBudget(4096));
        this.arena = PageArenas.open(setup.arena(byteSize, budget), reservations);
        this.heap = openHeap(SlabBlock::new);
    }

    SlabSetup setup() {
        return setup;
    }

    /// {@return another heap on the same arena, to be closed by the caller}
    <T> SlabHeap<T> openHeap(Binder<T> binder) {
        return setup.onJavaHeap()
                ? SlabHeap.onJavaHeap(arena, setup.heap(), binder)
                : SlabHeap.open(arena, setup.heap(), binder);
    }

    SlabHeap<SlabBlock> heap() {
        return heap;
    }

    PageArena arena() {
        return arena;
    }

    long byteSize() {
        return arena.options().byteSize();
    }

    int pageBytes() {
        return setup.onJavaHeap() ? 4 << 10 : (int) arena.options().pageByteSize();
    }

    int livePages() {
        return arena.stats().livePages();
    }

    /// {@return true if a request may take a longer block: at most a quarter of the limits is charged} Nothing bounds
    /// arrays.
    boolean isPlentiful() {
        long committed = arena.activity().committedBytes();
        return setup.onJavaHeap() || (committed <= byteSize() / 4 && budget.usedBytes() <= budget.byteLimit() / 4);
    }

    /// {@return a new block; fails if there is none}
    SlabBlock allocate(int byteSize) {
        SlabBlock block = heap.tryAllocate(byteSize);
        if (block == null) {
            throw new AssertionError("no block of " + byteSize + " B: " + heap.stats() + ", " + arena.stats());
        }
        return block;
    }

    /// {@return all blocks that could be allocated, each of them written to}
    AllocatedBlocks exhaust(int byteSize) {
        AllocatedBlocks blocks = new AllocatedBlocks();
        SlabBlock block = heap.tryAllocate(byteSize);
        while (block != null) {
            blocks.add(block);
            block = heap.tryAllocate(byteSize);
        }
        return blocks;
    }

    /// {@return blocks of random sizes up to `maxByteSize`, with at least `total` bytes together}
    AllocatedBlocks fill(long total, int maxByteSize, SplittableRandom random) {
        AllocatedBlocks blocks = new AllocatedBlocks();
        while (blocks.byteSize() < total) {
            blocks.add(allocate(random.nextInt(maxByteSize + 1)));
        }
        return blocks;
    }

    /// Runs one step of the maintenance of the arena, a quarter of a decay after the step before.
    void tick() {
        now += TICK_NANOS;
        PageArenas.step(arena, now);
    }

    /// {@return number of pages that contain a part of these blocks}
    int pagesUnder(List<SlabBlock> blocks) {
        TreeSet<Long> pages = new TreeSet<>();
        for (SlabBlock block : blocks) {
            for (long page = block.address / pageBytes();
                    page <= (block.address + block.byteSize - 1) / pageBytes();
                    page++) {
                pages.add(page);
            }
        }
        return pages.size();
    }

    /// {@return all free pages of the arena, allocated one by one and overwritten, for the caller to free}
    List<Long> takeFreePages() {
        List<Long> pages = new ArrayList<>();
        for (long page = arena.tryAllocate(); page != PageArena.NO_PAGE; page = arena.tryAllocate()) {
            OffHeap.fill(arena.frames().address(page), pageBytes(), (byte) 0xEE);
            pages.add(page);
        }
        return pages;
    }

    /// {@return the statistics of the size class for `byteSize`, or null if it has no slab}
    SlabHeapStats.@Nullable SizeClass statsOf(int byteSize) {
        int size = SizeClasses.byteSize(SizeClasses.of(byteSize));
        return heap.stats().classes().stream()
                .filter(c -> c.byteSize() == size)
                .findFirst()
                .orElse(null);
    }

    /// Checks the invariants of the heap and the arena, and that both count the same pages. No other thread may use
    /// them meanwhile.
    void check() {
        heap.checkInvariants();
        PageArenas.checkInvariants(arena);
        SlabHeapStats stats = heap.stats();
        assertThat(stats.heldBytes()).isEqualTo(sumOfHeld(stats));
        if (!setup.onJavaHeap()) {
            assertThat(stats.heldBytes()).as("%s", stats).isEqualTo((long) livePages() * pageBytes());
        }
    }

    /// Checks that exactly these blocks are in use.
    void check(AllocatedBlocks blocks) {
        check();
        SlabHeapStats stats = heap.stats();
        assertThat(stats.liveBlocks()).as("blocks in use").isEqualTo(blocks.count());
        assertThat(stats.liveBytes()).as("bytes in use").isEqualTo(blocks.byteSize());
    }

    /// Closes the heap by force, and the arena, after a test that leaves blocks in use.
    void closeForcibly() {
        heap.closeForcibly();
        close();
    }

    @Override
    public void close() {
        heap.close();
        assertThat(arena.stats().wiredPages()).isZero();
        arena.close();
        assertThat(budget.usedBytes()).isZero();
        reservations.releaseRetained();
    }

    private static long sumOfHeld(SlabHeapStats stats) {
        long held = 0;
        for (SlabHeapStats.SizeClass c : stats.classes()) {
            long blocks = c.liveBlocks() + c.cachedBlocks() + c.freeBlocks();
            assertThat(c.slabs()).isPositive();
            assertThat(blocks * c.byteSize()).as("blocks of %s", c).isLessThanOrEqualTo(c.heldBytes());
            held += c.heldBytes();
        }
        return held;
    }
}
