package io.leasehold.netty;

import io.leasehold.memory.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.slab.SlabHeap;
import io.leasehold.slab.SlabHeapOptions;
import io.leasehold.slab.SlabHeapStats;
import io.leasehold.slab.SlabHeapStats.SizeClass;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What an open allocator lends from: blocks on pages, blocks on the Java heap, and what both are charged to.
///
/// ```text
///   direct ----> SlabHeap ----> PageArena (own, or the caller's) ----> MemoryBudget
///   onHeap ----> SlabHeap ----> byte[]
/// ```
///
/// **Ownership.** Closes the arena it opened, not one it was given.
///
/// **Threads.** Thread-safe; closing is the allocator's, under its lock.
final class BufferHeaps {

    /// How many holders an error names: more do not fit a line that somebody reads.
    private static final int TOP_HOLDERS = 4;

    final SlabHeap<CountedByteBuf> direct; // (C)
    final SlabHeap<CountedByteBuf> onHeap; // (C)
    final PageArena arena; // (C)
    final MemoryBudget charged; // (C) what the arena's memory is charged to
    final @Nullable SoftLimit softLimit; // (C)
    private final @Nullable MemoryBudget own; // (C) the same, if it was made here and the arena too
    private final RationedText directHolders; // (C)
    private final RationedText heapHolders; // (C)
    private final String name; // (C)

    private BufferHeaps(
            LeasedByteBufAllocator allocator,
            LeasedByteBufAllocatorBuilder terms,
            PageArena arena,
            MemoryBudget charged,
            @Nullable MemoryBudget own) {
        this.arena = arena;
        this.charged = charged;
        this.softLimit = terms.softLimit == null ? null : new SoftLimit(charged, terms.softLimit, System::nanoTime);
        this.own = own;
        this.name = terms.name;
        SlabHeapOptions options = new SlabHeapOptions(name, terms.threadCacheByteSize, terms.idleByteSize);
        this.direct = SlabHeap.open(
                arena,
                options,
                (heap, token, array, address, byteSize) ->
                        new LeasedByteBuf(allocator, heap, null, token, address, byteSize));
        this.onHeap = SlabHeap.onJavaHeap(
                arena, options.withName(name + " on the Java heap"), (heap, token, array, at, byteSize) -> {
                    if (array == null) {
                        throw new IllegalArgumentException("block of the Java heap has no array: token=" + token);
                    }
                    return new LeasedHeapByteBuf(allocator, heap, token, array, Math.toIntExact(at), byteSize);
                });
        this.directHolders = new RationedText(() -> holders(direct), System::nanoTime);
        this.heapHolders = new RationedText(() -> holders(onHeap), System::nanoTime);
    }

    /// Opens what a builder describes.
    ///
    /// @throws IllegalArgumentException if it does not fit the machine
    /// @throws IllegalStateException if the machine leaves too little memory
    static BufferHeaps open(LeasedByteBufAllocator allocator, LeasedByteBufAllocatorBuilder terms) {
        PageArena given = terms.arena;
        if (given != null) {
            MemoryBudget budget = given.options().budget();
            MemoryBudget charged = budget == null ? MemoryBudget.process() : budget;
            return new BufferHeaps(allocator, terms, given, charged, null);
        }
        MemoryBudget parent = terms.budget == null ? MemoryBudget.process() : terms.budget;
        // a budget between the two, since it alone knows at once what this allocator holds
        MemoryBudget own = parent.child(terms.name, parent.byteLimit());
        try {
            return new BufferHeaps(allocator, terms, PageArena.open(terms.arenaOptions(own)), own, own);
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /// {@return who holds what, the largest first: `12 x 65,536 B, 3 x 4,096 B`}
    static String topHolders(SlabHeapStats stats) {
        List<SizeClass> live = stats.classes().stream()
                .filter(c -> c.liveBlocks() > 0)
                .sorted(Comparator.comparingLong((SizeClass c) -> c.liveBlocks() * c.byteSize())
                        .reversed())
                .toList();
        if (live.isEmpty()) {
            return "nobody";
        }
        String top = live.stream()
                .limit(TOP_HOLDERS)
                .map(c -> String.format(Locale.ROOT, "%,d x %,d B", c.liveBlocks(), c.byteSize()))
                .collect(Collectors.joining(", "));
        return live.size() <= TOP_HOLDERS ? top : top + ", and " + (live.size() - TOP_HOLDERS) + " sizes more";
    }

    long trim() {
        long bytes = direct.trim() + onHeap.trim();
        return own == null ? bytes : bytes + arena.trim();
    }

    /// Closes both heaps and what was opened with them.
    ///
    /// @throws IllegalStateException if buffers are out, naming them; nothing is changed then
    void close() {
        SlabHeapStats directStats = direct.stats();
        SlabHeapStats heapStats = onHeap.stats();
        if (directStats.liveBlocks() + heapStats.liveBlocks() > 0) {
            throw buffersOut(directStats, heapStats);
        }
        direct.close();
        onHeap.close();
        if (own != null) {
            arena.close();
            own.close();
        }
    }

    /// Closes everything, whatever is out.
    ///
    /// @return how many buffers were out
    int closeForcibly() {
        int out = direct.closeForcibly() + onHeap.closeForcibly();
        if (own != null) {
            arena.closeForcibly();
            own.close();
        }
        return out;
    }

    private IllegalStateException buffersOut(SlabHeapStats directStats, SlabHeapStats heapStats) {
        return new IllegalStateException(String.format(
                Locale.ROOT,
                "cannot close, buffers are out: allocator=%s, buffers=%,d, bytes=%,d; direct: %s; on the Java heap: %s",
                name,
                directStats.liveBlocks() + heapStats.liveBlocks(),
                directStats.liveBytes() + heapStats.liveBytes(),
                topHolders(directStats),
                topHolders(heapStats)));
    }

    /// {@return the error for a buffer that cannot be lent: what was asked for, what is allowed, what holds it}
    BufferMemoryError refusal(SlabHeap<CountedByteBuf> heap, int byteSize) {
        boolean isDirect = heap == direct;
        long limit = isDirect
                ? Math.min(arena.options().byteSize(), charged.byteLimit())
                : Runtime.getRuntime().maxMemory();
        return new BufferMemoryError(isDirect, byteSize, limit, (isDirect ? directHolders : heapHolders).get());
    }

    private String holders(SlabHeap<CountedByteBuf> heap) {
        SlabHeapStats stats = heap.stats();
        return String.format(
                Locale.ROOT,
                "used=%,d B, allocator=%s, budget: %s; top holders: %s",
                stats.heldBytes(),
                name,
                charged.report(),
                topHolders(stats));
    }
}
