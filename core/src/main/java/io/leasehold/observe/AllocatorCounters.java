package io.leasehold.observe;

import io.leasehold.holder.CallStack;
import io.leasehold.holder.StackBytes;
import io.leasehold.observe.counters.CounterFile;
import io.leasehold.observe.counters.CounterType;
import io.leasehold.observe.counters.LargestCounters;
import io.leasehold.page.ArenaActivity;
import io.leasehold.page.PageArena;
import io.leasehold.slab.SizeClassVisitor;
import io.leasehold.slab.SlabHeap;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The counters of one allocator in the file of the process.
///
/// An update reads the numbers of the arena and of both heaps, and stores them. It allocates nothing, unless a size
/// class gets its two counters, at its first block. If the file is full, some numbers have no counter until other
/// allocators are closed. Tags and stacks are stored by calls of their own, which allocate.
///
/// **Threads.** Thread-safe: one update at a time, under the lock of this object.
final class AllocatorCounters {

    private static final CounterType[] TYPES = CounterType.values();

    /// Maximum number of tags with a counter.
    static final int MAX_HOLDERS = 32;

    /// Maximum number of stacks with a counter.
    static final int MAX_STACKS = 8;

    private static final AtomicInteger NEXT_OWNER = new AtomicInteger(1);

    private final int owner = NEXT_OWNER.getAndIncrement(); // (C)
    private final CounterFile file; // (C)
    private final String name; // (C)
    private final ArenaActivity activity; // (C)
    private final Kind direct; // (C)
    private final Kind onHeap; // (C)
    private final int[] totalCounters = new int[TYPES.length]; // (C) by ordinal of the type
    private final LargestCounters<String> holders; // (L) this; by tag
    private final LargestCounters<CallStack> stacks; // (L) this
    private final int[] scratch = new int[SlabHeap.SIZE_CLASSES]; // (L) this
    private final long limitBytes; // (C)
    private final long reservedBytes; // (C)
    private boolean lacksTotals; // (L) this; the file was full
    private boolean closed; // (L) this

    AllocatorCounters(CounterFile file, String name, PageArena arena, SlabHeap<?> direct, SlabHeap<?> onHeap) {
        this.file = file;
        this.name = name;
        this.activity = arena.activity();
        this.direct = new Kind(direct, 1);
        this.onHeap = new Kind(onHeap, -1);
        this.holders = new LargestCounters<>(file, CounterType.HOLDER, owner, tag -> tag);
        this.stacks = new LargestCounters<>(file, CounterType.STACK, owner, CallStack::shortened);
        Arrays.fill(totalCounters, CounterFile.NONE);
        boolean isDone = false;
        try {
            allocateTotals();
            isDone = true;
        } finally {
            if (!isDone) {
                close(); // the Java heap is full
            }
        }
        this.limitBytes = arena.options().byteSize();
        this.reservedBytes = arena.addressByteSize();
    }

    /// Allocates the counters of the totals that have none: the file may have been full before.
    private void allocateTotals() {
        boolean isFull = false;
        for (CounterType type : TYPES) {
            boolean isTotal = type.number() <= CounterType.KERNEL_FAULTS.number();
            if (isTotal && totalCounters[type.ordinal()] == CounterFile.NONE) {
                String label = type == CounterType.ALLOCATOR ? name : name + ": " + type.label();
                totalCounters[type.ordinal()] = file.allocate(type.number(), owner, 0, label);
                isFull |= totalCounters[type.ordinal()] == CounterFile.NONE;
            }
        }
        lacksTotals = isFull;
    }

    /// The size classes of one heap.
    private final class Kind implements SizeClassVisitor {

        private final SlabHeap<?> heap; // (C)
        private final int sign; // (C) 1, or -1 for the Java heap
        private final @Nullable ClassCounters[] classes = new ClassCounters[SlabHeap.SIZE_CLASSES]; // (L) this
        private long live; // (L) sums of this update
        private long liveBytes; // (L)
        private long cachedBytes; // (L)
        private long heldBytes; // (L)

        Kind(SlabHeap<?> heap, int sign) {
            this.heap = heap;
            this.sign = sign;
        }

        void update() {
            live = 0;
            liveBytes = 0;
            cachedBytes = 0;
            heldBytes = 0;
            long otherBytes = heap.visit(scratch, this);
            heldBytes += otherBytes;
            for (ClassCounters counters : classes) {
                if (counters != null && !counters.isSeen) {
                    file.set(counters.live, 0);
                    file.set(counters.held, 0);
                } else if (counters != null) {
                    counters.isSeen = false; // for the next update
                }
            }
        }

        @Override
        public void visit(
                int byteSize, int slabs, long liveBlocks, long cachedBlocks, long freeBlocks, long classHeldBytes) {
            int sizeClass = SlabHeap.sizeClassOf(byteSize);
            ClassCounters counters = classes[sizeClass];
            if (counters == null) {
                counters = new ClassCounters();
                classes[sizeClass] = counters;
            }
            if (counters.live == CounterFile.NONE && counters.held == CounterFile.NONE) {
                String label = name + ": " + byteSize + " B" + (sign < 0 ? " on the Java heap: " : ": ");
                counters.live = allocate(CounterType.CLASS_LIVE, label, byteSize);
                counters.held = allocate(CounterType.CLASS_HELD, label, byteSize);
            }
            counters.isSeen = true;
            file.set(counters.live, liveBlocks);
            file.set(counters.held, classHeldBytes);
            live += liveBlocks;
            liveBytes += liveBlocks * byteSize;
            cachedBytes += cachedBlocks * byteSize;
            heldBytes += classHeldBytes;
        }

        private int allocate(CounterType type, String label, int byteSize) {
            return file.allocate(type.number(), owner, (long) sign * byteSize, label + type.label());
        }

        void free() {
            for (ClassCounters counters : classes) {
                if (counters != null) {
                    file.free(counters.live);
                    file.free(counters.held);
                }
            }
        }
    }

    /// The counters of one size class. The file may have been full for one or both.
    private static final class ClassCounters {
        private int live = CounterFile.NONE; // (L) the allocator's counters
        private int held = CounterFile.NONE; // (L)
        private boolean isSeen; // (L) in this update
    }

    /// Stores the current numbers. Has no effect after the close.
    ///
    /// @throws InternalError if another process truncated the file
    synchronized void update() {
        if (closed) {
            return;
        }
        if (lacksTotals) {
            allocateTotals();
        }
        direct.update();
        onHeap.update();
        set(CounterType.ALLOCATOR, 1);
        set(CounterType.LIMIT, limitBytes);
        set(CounterType.RESERVED, reservedBytes);
        set(CounterType.COMMITTED, activity.committedBytes());
        set(CounterType.DIRECT, direct.heldBytes);
        set(CounterType.ON_HEAP, onHeap.heldBytes);
        set(CounterType.PINNED, direct.liveBytes + onHeap.liveBytes);
        set(CounterType.PINNED_BUFFERS, direct.live + onHeap.live);
        set(CounterType.CACHED, direct.cachedBytes + onHeap.cachedBytes);
        set(CounterType.REFUSALS, activity.budgetRefusals());
        set(CounterType.RECLAIMS, activity.reclaims());
        set(CounterType.DECOMMITS, activity.decommits());
        set(CounterType.KERNEL_FAULTS, activity.kernelRefusals());
        file.beat(System.currentTimeMillis());
    }

    /// Stores the bytes in use by tag. The [#MAX_HOLDERS] tags that hold the most bytes get a counter each.
    ///
    /// @param bytes bytes in use, by tag
    synchronized void updateHolders(Map<String, Long> bytes) {
        if (!closed) {
            holders.show(bytes.entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                    .limit(MAX_HOLDERS)
                    .toList());
        }
    }

    /// Stores the stacks that hold the most bytes. Stacks that are not among them any more lose their counter.
    ///
    /// @param top the stacks, at most [#MAX_STACKS], the largest first
    synchronized void updateStacks(List<StackBytes> top) {
        if (!closed) {
            stacks.show(top.stream()
                    .map(held -> Map.entry(held.stack(), held.bytes()))
                    .toList());
        }
    }

    private void set(CounterType type, long value) {
        file.set(totalCounters[type.ordinal()], value);
    }

    /// Frees the counters.
    synchronized void close() {
        if (!closed) {
            closed = true;
            direct.free();
            onHeap.free();
            for (int counter : totalCounters) {
                file.free(counter);
            }
            holders.free();
            stacks.free();
            file.beat(System.currentTimeMillis());
        }
    }
}
