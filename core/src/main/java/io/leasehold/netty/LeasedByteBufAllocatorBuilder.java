package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.SlabHeapOptions;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The options of an allocator. Start from [LeasedByteBufAllocator#builder()] and change the values that differ.
///
/// A value that is not allowed is rejected when it is set, and the builder does not change. Values that depend on the
/// system are checked by [#build()].
///
/// **Threads.** Used by one thread.
public final class LeasedByteBufAllocatorBuilder {

    /// Limits are rounded down to a multiple of 64 KiB, the largest base page size of any supported kernel.
    private static final long LIMIT_BYTE_ALIGNMENT = 64 << 10;

    /// Maximum page size of an arena that slabs can use.
    private static final int MAX_PAGE_BYTES = 64 << 10;

    String name = "buffers";

    @Nullable String tag;

    @Nullable PageArena arena;

    int threadCacheByteSize = SlabHeapOptions.defaults().threadCacheByteSize();
    long idleByteSize = SlabHeapOptions.defaults().idleByteSize();
    int byteAlignment = 1;
    boolean zeroing;
    boolean preferDirect = true;
    SoftLimit.@Nullable Options softLimit;
    private @Nullable MemoryBudget budget;
    private long byteLimit;
    private @Nullable Duration decay;

    LeasedByteBufAllocatorBuilder() {}

    /// Sets the name of the allocator in messages and reports; `buffers` if not set.
    ///
    /// @param newName the name
    /// @return this builder
    /// @throws IllegalArgumentException if it is blank
    public LeasedByteBufAllocatorBuilder name(String newName) {
        name = OptionChecks.name(newName);
        return this;
    }

    /// Sets the tag under which the pages of the allocator's own arena count, and its buffers, unless the allocating
    /// thread has a tag of its own. If not set, it is the tag of the thread that opens the allocator, or else the name.
    ///
    /// @param newTag the tag, at most 100 characters; null for the default
    /// @return this builder
    /// @throws IllegalArgumentException if it is blank or too long
    public LeasedByteBufAllocatorBuilder tag(@Nullable String newTag) {
        tag = SlabHeapOptions.defaults().withTag(newTag).tag();
        return this;
    }

    /// Sets the hard limit on the memory of direct buffers. If it is not set, the limit of the budget applies.
    ///
    /// The limit applies to [LeasedByteBufAllocatorMetric#committedBytes()]: the pages of direct buffers, and the
    /// tables about them. The tables take one part in two hundred, and more while free memory is in pieces: 0.8 % were
    /// seen. The limit does not cover heap buffers, which the maximum Java heap bounds. It does not cover the Java
    /// objects of buffers either, about 90 bytes for each block in use. A buffer takes a block of a multiple of 16
    /// bytes that may be an eighth longer than its capacity. While at most a quarter of the limit is charged, the block
    /// may be three eighths longer. So a buffer of nearly the limit may not fit.
    ///
    /// An allocator with this limit and no budget depends on no other limit. It is not charged to
    /// [MemoryBudget#process()].
    ///
    /// @param newByteLimit limit in bytes, at least 64 KiB; rounded down to a multiple of 64 KiB
    /// @return this builder
    /// @throws IllegalArgumentException if it is too low, less than the soft limit, or more than an arena with the
    ///     smallest pages of the system can have
    public LeasedByteBufAllocatorBuilder byteLimit(long newByteLimit) {
        long max = PageArenaOptions.MAX_PAGES * VirtualMemory.system().pageSize();
        OptionChecks.range("byteLimit", newByteLimit, LIMIT_BYTE_ALIGNMENT, max);
        checkSoftLimit(softLimit, "byteLimit", newByteLimit);
        byteLimit = newByteLimit;
        return this;
    }

    /// Sets the budget that the memory of direct buffers is charged to. If neither this nor [#byteLimit] is set, the
    /// budget is [MemoryBudget#process()].
    ///
    /// Free memory of an allocator stays charged until it is decommitted: after the [#decay], by
    /// [LeasedByteBufAllocator#trim], or when the budget refuses memory to another allocator on it. What threads cache
    /// stays longer. Allocators that share an [arena][#arena] use each other's free memory without a decommit.
    ///
    /// @param newBudget the budget, which may be shared
    /// @return this builder
    /// @throws IllegalArgumentException if its limit or one above it is less than 64 KiB, or less than the soft limit
    public LeasedByteBufAllocatorBuilder budget(MemoryBudget newBudget) {
        MemoryBudget tightest =
                Objects.requireNonNull(newBudget, "budget is null").tightest();
        if (tightest.byteLimit() < LIMIT_BYTE_ALIGNMENT) {
            throw new IllegalArgumentException("budget is too small: budget=" + tightest.name() + ", byteLimit="
                    + tightest.byteLimit() + ", min=" + LIMIT_BYTE_ALIGNMENT);
        }
        checkSoftLimit(softLimit, newBudget);
        budget = newBudget;
        return this;
    }

    /// Sets the arena that direct buffers are allocated from. If it is not set, the allocator opens its own arena.
    ///
    /// @param newArena the arena; it has its own limit, budget and decay, and the caller closes it
    /// @return this builder
    /// @throws IllegalArgumentException if its pages are longer than 64 KiB or shorter than the alignment, or its limit
    ///     or that of its budget is less than the soft limit
    public LeasedByteBufAllocatorBuilder arena(PageArena newArena) {
        PageArenaOptions options =
                Objects.requireNonNull(newArena, "arena is null").options();
        if (options.pageByteSize() > MAX_PAGE_BYTES) {
            throw new IllegalArgumentException("arena has pages that are too large: arena=" + options.name()
                    + ", pageByteSize=" + options.pageByteSize() + ", max=" + MAX_PAGE_BYTES);
        }
        checkAlignment(byteAlignment, options.pageByteSize());
        checkSoftLimit(softLimit, options);
        arena = newArena;
        return this;
    }

    /// Sets how long a free page keeps its memory before it is decommitted. The default is half a second.
    ///
    /// @param newDecay the time, at least one millisecond; [PageArenaOptions#NO_DECAY] to never decommit
    /// @return this builder
    /// @throws IllegalArgumentException if it is too short
    public LeasedByteBufAllocatorBuilder decay(Duration newDecay) {
        decay = PageArenaOptions.builder().decay(newDecay).build().decay();
        return this;
    }

    /// Sets the maximum number of bytes of free blocks that one thread caches.
    ///
    /// @param newThreadCacheByteSize limit in bytes, at most 64 MiB; 0 for none
    /// @return this builder
    /// @throws IllegalArgumentException if it is negative, or too high
    public LeasedByteBufAllocatorBuilder threadCacheByteSize(int newThreadCacheByteSize) {
        threadCacheByteSize = SlabHeapOptions.defaults()
                .withThreadCacheByteSize(newThreadCacheByteSize)
                .threadCacheByteSize();
        return this;
    }

    /// Sets the maximum number of bytes in empty slabs that are retained for their size class, in addition to the
    /// magazines of threads. Only slabs that were in use recently are retained. A lower value saves memory, a higher
    /// value saves time after a burst.
    ///
    /// @param newIdleByteSize limit in bytes; 0 retains almost nothing
    /// @return this builder
    /// @throws IllegalArgumentException if it is negative
    public LeasedByteBufAllocatorBuilder idleByteSize(long newIdleByteSize) {
        idleByteSize =
                SlabHeapOptions.defaults().withIdleByteSize(newIdleByteSize).idleByteSize();
        return this;
    }

    /// Sets the alignment of the addresses of direct buffers, including buffers without capacity. The default is 16.
    ///
    /// @param newByteAlignment alignment in bytes: a power of two, at most the size of a page
    /// @return this builder
    /// @throws IllegalArgumentException if it is not a power of two, or more than 64 KiB or a page of the arena
    public LeasedByteBufAllocatorBuilder alignment(int newByteAlignment) {
        Alignment.check("alignment", newByteAlignment, 1, MAX_PAGE_BYTES);
        checkAlignment(
                newByteAlignment,
                arena == null ? MAX_PAGE_BYTES : arena.options().pageByteSize());
        byteAlignment = newByteAlignment;
        return this;
    }

    /// Sets whether buffers are zeroed when they are allocated and where they grow. Without zeroing, a buffer contains
    /// the bytes of its last use.
    ///
    /// @param newZeroing true to zero them
    /// @return this builder
    public LeasedByteBufAllocatorBuilder zeroing(boolean newZeroing) {
        zeroing = newZeroing;
        return this;
    }

    /// Sets whether `buffer()` returns direct buffers. The default is true.
    ///
    /// @param newPreferDirect true for direct buffers
    /// @return this builder
    public LeasedByteBufAllocatorBuilder preferDirect(boolean newPreferDirect) {
        preferDirect = newPreferDirect;
        return this;
    }

    /// Sets a limit that only notifies. The first thread that allocates beyond it calls the listener; after that no
    /// thread calls it for `interval`, nor while a thread is in the listener. If the listener throws an exception or an
    /// error, the first one is logged, and the thread still gets its buffer.
    ///
    /// @param softByteLimit number of charged bytes beyond which the listener is called, at most the hard limit
    /// @param interval minimum time between two calls; with 292 years or more the listener is called once
    /// @param listener receives the number of charged bytes, on the allocating thread and before that thread gets its
    ///     buffer
    /// @return this builder
    /// @throws IllegalArgumentException if a value is negative, or the limit is more than the hard limit
    /// @throws NullPointerException if the interval or the listener is null
    public LeasedByteBufAllocatorBuilder softLimit(long softByteLimit, Duration interval, LongConsumer listener) {
        OptionChecks.atLeast("softByteLimit", softByteLimit, 0);
        Objects.requireNonNull(interval, "interval is null");
        if (interval.isNegative()) {
            throw new IllegalArgumentException("interval is negative: interval=" + interval + ", min=" + Duration.ZERO);
        }
        SoftLimit.Options options =
                new SoftLimit.Options(softByteLimit, interval, Objects.requireNonNull(listener, "listener is null"));
        if (byteLimit != 0) {
            checkSoftLimit(options, "byteLimit", byteLimit);
        }
        if (budget != null) {
            checkSoftLimit(options, budget);
        }
        if (arena != null) {
            checkSoftLimit(options, arena.options());
        }
        softLimit = options;
        return this;
    }

    private static void checkSoftLimit(SoftLimit.@Nullable Options options, PageArenaOptions ofArena) {
        checkSoftLimit(options, "byteSize of the arena", ofArena.byteSize());
        MemoryBudget charged = ofArena.budget();
        if (charged != null) {
            checkSoftLimit(options, charged);
        }
    }

    private static void checkSoftLimit(SoftLimit.@Nullable Options options, MemoryBudget ofMemory) {
        checkSoftLimit(options, "byteLimit of the budget", ofMemory.tightest().byteLimit());
    }

    private static void checkSoftLimit(SoftLimit.@Nullable Options options, String limit, long byteLimit) {
        if (options != null && options.byteLimit() > byteLimit) {
            throw new IllegalArgumentException("softByteLimit is more than the " + limit + ": softByteLimit="
                    + options.byteLimit() + ", max=" + byteLimit);
        }
    }

    private static void checkAlignment(int byteAlignment, long pageByteSize) {
        if (byteAlignment > pageByteSize) {
            throw new IllegalArgumentException(
                    "alignment is more than a page: alignment=" + byteAlignment + ", max=" + pageByteSize);
        }
    }

    /// Opens the allocator.
    ///
    /// @return the allocator, to be closed by the caller
    /// @throws IllegalArgumentException if values exclude each other or do not fit the system, naming them
    /// @throws IllegalStateException if the system leaves too little memory for a default limit, or too few mappings
    /// @throws io.leasehold.page.PageExhaustedException if the limit is less than the tables of the arena
    /// @throws io.leasehold.error.SystemCallException if the system call that reserves the address space fails
    public LeasedByteBufAllocator build() {
        if (arena != null && (byteLimit != 0 || budget != null || decay != null)) {
            throw new IllegalArgumentException("a given arena has its own limit, budget and decay: arena="
                    + arena.options().name() + ", byteLimit=" + byteLimit + ", budget=" + budget + ", decay=" + decay);
        }
        if (arena == null) {
            checkAlignment(byteAlignment, VirtualMemory.system().pageSize());
        }
        if (softLimit != null && arena == null && budget == null && byteLimit == 0) {
            checkSoftLimit(
                    softLimit, "limit of the process", MemoryBudget.process().byteLimit());
        }
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(this, System::nanoTime, false);
        allocator.heaps();
        return allocator;
    }

    /// {@return true if the limit is that of the process}
    boolean isWithoutLimit() {
        return arena == null && budget == null && byteLimit == 0;
    }

    /// {@return a new budget for the allocator's own arena, which limits all memory that the arena commits}
    ///
    /// @throws IllegalStateException if no limit was set, and the system leaves too little memory for a default one
    MemoryBudget ownBudget() {
        if (budget == null && byteLimit != 0) {
            return MemoryBudget.of(name, byteLimit);
        }
        MemoryBudget parent = budget == null ? MemoryBudget.process() : budget;
        return parent.child(name, byteLimit == 0 ? parent.byteLimit() : byteLimit);
    }

    /// {@return the options of the allocator's own arena}
    PageArenaOptions arenaOptions(MemoryBudget charged) {
        PageArenaOptions options = PageArenaOptions.builder()
                .name(name.concat(" pages"))
                .tag(tag)
                .byteSize(Alignment.down(byteLimit, LIMIT_BYTE_ALIGNMENT))
                .budget(charged)
                .build();
        return decay == null ? options : options.toBuilder().decay(decay).build();
    }
}
