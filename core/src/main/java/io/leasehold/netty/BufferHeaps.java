package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.event.BufferEvents;
import io.leasehold.event.RecordedBuffer;
import io.leasehold.holder.EveryUse;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sample;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.Site;
import io.leasehold.holder.Tag;
import io.leasehold.holder.TagCount;
import io.leasehold.holder.ThreadTag;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.StackReserve;
import io.leasehold.observe.AllocatorFigures;
import io.leasehold.observe.Observation;
import io.leasehold.observe.Profile;
import io.leasehold.observe.SizeClassFigures;
import io.leasehold.page.ArenaActivity;
import io.leasehold.page.PageArena;
import io.leasehold.slab.SlabHeap;
import io.leasehold.slab.SlabHeapOptions;
import io.leasehold.slab.SlabHeapStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The heaps of an open allocator: blocks on pages, blocks on the Java heap, and the arena and budget below.
///
/// ```text
///   direct ----> SlabHeap ----> PageArena (own, or the caller's) ----> MemoryBudget
///   onHeap ----> SlabHeap ----> byte[]
/// ```
///
/// **Ownership.** Closes the arena if it opened it. An arena that was given to the builder stays open.
///
/// **Threads.** Thread-safe. [LazyHeaps] calls the close methods under its monitor.
final class BufferHeaps {

    /// Layers whose stack must be free before an allocator is opened, because a half-open allocator is closed again.
    private static final int OPENING_LAYERS = 4;

    /// Layers whose stack must be free before a forced close: this, heaps, slabs, leases, arena and pages.
    private static final int CLOSING_LAYERS = 6;

    final SlabHeap<CountedByteBuf> direct; // (C)
    final SlabHeap<CountedByteBuf> onHeap; // (C)
    final PageArena arena; // (C)
    final MemoryBudget charged; // (C) the budget of the arena
    final @Nullable SoftLimit softLimit; // (C)
    private final @Nullable MemoryBudget own; // (C) `charged`, if this object created it and the arena; otherwise null
    final HeapRefusals refusals; // (C)
    private final String name; // (C)
    private final Observation observation; // (C)

    private BufferHeaps(
            String name,
            SlabHeap<CountedByteBuf> direct,
            SlabHeap<CountedByteBuf> onHeap,
            PageArena arena,
            MemoryBudget charged,
            @Nullable MemoryBudget own,
            @Nullable SoftLimit softLimit,
            Observation observation) {
        this.name = name;
        this.direct = direct;
        this.onHeap = onHeap;
        this.arena = arena;
        this.charged = charged;
        this.own = own;
        this.softLimit = softLimit;
        this.observation = observation;
        this.refusals = new HeapRefusals(name, direct, onHeap, arena, charged);
    }

    /// Opens the heaps that a builder describes, or changes nothing.
    ///
    /// @throws IllegalArgumentException if a value does not fit the machine
    /// @throws IllegalStateException if the machine leaves too little memory
    static BufferHeaps open(LeasedByteBufAllocator allocator, LeasedByteBufAllocatorBuilder builder) {
        StackReserve.ensure(OPENING_LAYERS);
        EarlyClasses.initialize(
                BufferEvents.class,
                BufferUse.class,
                EveryUse.class,
                LeakSampling.class,
                LeasedByteBuf.class,
                LeasedHeapByteBuf.class,
                RecordedBuffer.class,
                Sample.class,
                Sampler.class,
                Site.class,
                TagCount.class,
                ViewedByteBuf.class);
        PageArena given = builder.arena;
        if (given != null) {
            MemoryBudget budget = given.options().budget();
            MemoryBudget charged = budget == null ? MemoryBudget.process() : budget;
            return open(allocator, builder, given, charged, null);
        }
        MemoryBudget own = builder.ownBudget();
        PageArena arena = null;
        BufferHeaps heaps = null;
        try {
            arena = PageArena.open(builder.arenaOptions(own));
            heaps = open(allocator, builder, arena, own, own);
            return heaps;
        } finally {
            if (heaps == null) {
                if (arena != null) {
                    arena.closeForcibly(); // forcibly, as closing a heap may have failed too; no block is allocated
                }
                own.close();
            }
        }
    }

    /// {@return the tag of both heaps: that of the builder, null for that of the calling thread, or else the name}
    private static @Nullable String tagOf(LeasedByteBufAllocatorBuilder builder) {
        if (builder.tag != null || ThreadTag.current() != null) {
            return builder.tag;
        }
        String name = builder.name.substring(0, Math.min(builder.name.length(), Tag.MAX_NAME_LENGTH));
        return name.isBlank() ? null : name;
    }

    private static BufferHeaps open(
            LeasedByteBufAllocator allocator,
            LeasedByteBufAllocatorBuilder builder,
            PageArena arena,
            MemoryBudget charged,
            @Nullable MemoryBudget own) {
        String name = builder.name;
        SlabHeapOptions options = new SlabHeapOptions(
                name,
                builder.threadCacheByteSize,
                builder.idleByteSize,
                tagOf(builder),
                false, // the allocator rounds requests to its own alignment
                LeasedByteBufAllocator.class);
        SoftLimit softLimit =
                builder.softLimit == null ? null : new SoftLimit(charged, builder.softLimit, System::nanoTime);
        SlabHeap<CountedByteBuf> direct = null;
        SlabHeap<CountedByteBuf> onHeap = null;
        Observation observation = null;
        BufferHeaps heaps = null;
        try {
            direct = SlabHeap.open(
                    arena,
                    options,
                    (heap, handle, array, address, byteSize) ->
                            new LeasedByteBuf(allocator, heap, null, handle, address, byteSize));
            onHeap = SlabHeap.onJavaHeap(
                    arena,
                    options.withName(name.concat(MemorySource.ON_JAVA_HEAP)),
                    (heap, handle, array, at, byteSize) -> {
                        if (array == null) {
                            throw new IllegalArgumentException("block of the Java heap has no array: handle=" + handle);
                        }
                        return new LeasedHeapByteBuf(allocator, heap, handle, array, Math.toIntExact(at), byteSize);
                    });
            observation = Observation.open(allocator, arena, direct, onHeap);
            heaps = new BufferHeaps(name, direct, onHeap, arena, charged, own, softLimit, observation);
            return heaps;
        } finally {
            if (heaps == null) { // the Java heap is full, or the arena has the maximum number of owners
                closeUnused(direct, onHeap, observation);
            }
        }
    }

    private static void closeUnused(
            @Nullable SlabHeap<?> direct, @Nullable SlabHeap<?> onHeap, @Nullable Observation observation) {
        if (observation != null) {
            observation.close();
        }
        try {
            if (onHeap != null) {
                onHeap.close();
            }
        } finally {
            if (direct != null) {
                direct.close();
            }
        }
    }

    /// {@return the numbers of both heaps and of the arena}
    AllocatorFigures figures() {
        SlabHeapStats ofDirect = direct.stats();
        SlabHeapStats ofHeap = onHeap.stats();
        ArenaActivity activity = arena.activity();
        return new AllocatorFigures(
                arena.options().byteSize(),
                arena.addressByteSize(),
                activity.committedBytes(),
                ofDirect.heldBytes(),
                ofHeap.heldBytes(),
                ofDirect.liveBytes() + ofHeap.liveBytes(),
                ofDirect.liveBlocks() + ofHeap.liveBlocks(),
                ofDirect.liveBytes(),
                ofDirect.liveBlocks(),
                ofDirect.cachedBytes() + ofHeap.cachedBytes(),
                activity.budgetRefusals(),
                activity.reclaims(),
                activity.decommits(),
                activity.kernelRefusals(),
                sizeClasses(ofDirect),
                sizeClasses(ofHeap));
    }

    /// {@return the size classes of a heap, for users}
    static List<SizeClassFigures> sizeClasses(SlabHeapStats stats) {
        return stats.classes().stream()
                .map(c -> new SizeClassFigures(
                        c.byteSize(), c.slabs(), c.liveBlocks(), c.cachedBlocks(), c.freeBlocks(), c.heldBytes()))
                .toList();
    }

    /// {@return the bytes of outstanding buffers by tag}
    Map<String, Long> holders() {
        Map<String, Long> bytes = new TreeMap<>();
        for (MemorySource source : List.of(direct.source(), onHeap.source())) {
            source.held().forEach(held -> bytes.merge(held.tag().name(), held.bytes(), Long::sum));
        }
        return bytes;
    }

    /// {@return the places that allocated the outstanding buffers}
    Profile profile() {
        return observation.profile();
    }

    /// {@return the resident bytes of the arena, or -1 if the system does not report them}
    long residentBytes() {
        try {
            return arena.residentBytes();
        } catch (UnsupportedOperationException e) {
            return -1;
        }
    }

    /// Gives back memory that no outstanding buffer needs.
    ///
    /// @return number of bytes given back: to the system or, from a given arena, to that arena, and to the Java heap
    long trim() {
        return onHeap.trim() + (own == null ? direct.trim() : arena.trim()); // an arena trims the heaps on it first
    }

    /// Closes both heaps, and the arena and the budget if they were opened here.
    ///
    /// @throws IllegalStateException if buffers are outstanding, naming them, or if a thread stays inside an allocation
    ///     or a release; nothing is changed then
    void close() {
        SlabHeap.closeAll(List.of(direct, onHeap), this::checkUnused, own == null ? null : arena);
        observation.close();
        if (own != null) {
            arena.close();
            own.close();
        }
    }

    /// Checks that no buffer and no page is in use. Runs while no block of the heaps is allocated or freed, because a
    /// slab that is given back leaves its heap before its pages are freed.
    ///
    /// @throws IllegalStateException if buffers are outstanding, or pages of the allocator's own arena that the
    ///     allocator did not allocate
    private void checkUnused() {
        SlabHeapStats directStats = direct.stats();
        SlabHeapStats heapStats = onHeap.stats();
        if (directStats.liveBlocks() + heapStats.liveBlocks() > 0) {
            throw refusals.buffersOutstanding(directStats, heapStats);
        }
        long pages = directStats.heldBytes() / arena.options().pageByteSize();
        int live = own == null ? 0 : arena.stats().livePages();
        if (live > pages) {
            throw new IllegalStateException("cannot close, pages of the arena are in use: allocator=" + name
                    + ", pages=" + (live - pages)
                    + "; free the pages that arena().allocate returned, or close again if a buffer is being allocated");
        }
        List<String> users = own == null ? List.of() : new ArrayList<>(arena.users());
        if (users.size() > 2) { // the heap of direct buffers and the heap on the Java heap
            users.remove("heap=" + directStats.name());
            users.remove("heap=" + heapStats.name());
            throw new IllegalStateException(
                    "cannot close, the arena is in use: allocator=" + name + ", users=" + users + "; close them first");
        }
    }

    /// Closes everything even if buffers are outstanding.
    ///
    /// @return number of buffers that were outstanding
    int closeForcibly() {
        StackReserve.ensure(CLOSING_LAYERS);
        try {
            observation.close();
            return direct.closeForcibly() + onHeap.closeForcibly();
        } finally {
            // an open heap must not lose its arena: its blocks would lie in memory of other owners
            if (own != null && direct.isClosed()) {
                arena.closeForcibly();
                own.close();
            }
        }
    }
}
