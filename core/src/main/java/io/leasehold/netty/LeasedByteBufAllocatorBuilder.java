package io.leasehold.netty;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.SlabHeapOptions;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// What an allocator is made with; start from [LeasedByteBufAllocator#builder()] and change what differs.
///
/// **Threads.** Used by one thread.
public final class LeasedByteBufAllocatorBuilder {

    /// What a bound is a multiple of: the largest page that a kernel has as its smallest.
    private static final long LIMIT_BYTE_ALIGNMENT = 64 << 10;

    String name = "buffers";

    @Nullable PageArena arena;

    @Nullable MemoryBudget budget;

    int threadCacheByteSize = SlabHeapOptions.defaults().threadCacheByteSize();
    long idleByteSize = SlabHeapOptions.defaults().idleByteSize();
    int byteAlignment = 1;
    boolean zeroing;
    boolean preferDirect = true;
    SoftLimit.@Nullable Terms softLimit;
    private long byteLimit;
    private @Nullable Duration decay;

    LeasedByteBufAllocatorBuilder() {}

    /// Sets what the allocator is called in messages and reports; `buffers` if not said.
    ///
    /// @param newName the name
    /// @return this builder
    /// @throws IllegalArgumentException if it is blank
    public LeasedByteBufAllocatorBuilder name(String newName) {
        if (newName.isBlank()) {
            throw new IllegalArgumentException("name is blank: \"" + newName + "\"");
        }
        name = newName;
        return this;
    }

    /// Sets the hard bound on the memory of direct buffers; that of the budget if not said.
    ///
    /// @param newByteLimit the bound in bytes, at least 64 KiB and rounded down to a multiple of that
    /// @return this builder
    /// @throws IllegalArgumentException if it is too low
    public LeasedByteBufAllocatorBuilder byteLimit(long newByteLimit) {
        if (newByteLimit < LIMIT_BYTE_ALIGNMENT) {
            throw new IllegalArgumentException(
                    "byteLimit is too low: " + newByteLimit + ", bound=" + LIMIT_BYTE_ALIGNMENT);
        }
        byteLimit = newByteLimit;
        return this;
    }

    /// Sets what the memory of direct buffers is charged to; [MemoryBudget#process()] if not said.
    ///
    /// @param newBudget the budget, which may be shared
    /// @return this builder
    public LeasedByteBufAllocatorBuilder budget(MemoryBudget newBudget) {
        budget = newBudget;
        return this;
    }

    /// Sets whose pages direct buffers lie on; an arena of the allocator's own if not said.
    ///
    /// @param newArena the arena, which brings its own bound, budget and decay, and is closed by the caller
    /// @return this builder
    public LeasedByteBufAllocatorBuilder arena(PageArena newArena) {
        arena = newArena;
        return this;
    }

    /// Sets how long a free page keeps its memory; half a second if not said.
    ///
    /// @param newDecay the time, at least a millisecond; [PageArenaOptions#NO_DECAY] for ever
    /// @return this builder
    /// @throws IllegalArgumentException if it is too short
    public LeasedByteBufAllocatorBuilder decay(Duration newDecay) {
        decay = PageArenaOptions.defaults().withDecay(newDecay).decay();
        return this;
    }

    /// Sets how many bytes of free blocks one thread keeps for itself at most.
    ///
    /// @param newThreadCacheByteSize the bound in bytes, 0 for none
    /// @return this builder
    /// @throws IllegalArgumentException if it is negative
    public LeasedByteBufAllocatorBuilder threadCacheByteSize(int newThreadCacheByteSize) {
        if (newThreadCacheByteSize < 0) {
            throw new IllegalArgumentException(
                    "threadCacheByteSize is negative: " + newThreadCacheByteSize + ", bound=0");
        }
        threadCacheByteSize = newThreadCacheByteSize;
        return this;
    }

    /// Sets how many bytes of free memory wait for buffers of the size that they had last, beyond the threads' caches.
    /// Less saves memory, more saves time after a burst.
    ///
    /// @param newIdleByteSize the bound in bytes, 0 for little more than none
    /// @return this builder
    /// @throws IllegalArgumentException if it is negative
    public LeasedByteBufAllocatorBuilder idleByteSize(long newIdleByteSize) {
        if (newIdleByteSize < 0) {
            throw new IllegalArgumentException("idleByteSize is negative: " + newIdleByteSize + ", bound=0");
        }
        idleByteSize = newIdleByteSize;
        return this;
    }

    /// Sets what the addresses of direct buffers are multiples of; 16 if not said.
    ///
    /// @param newByteAlignment a power of two, at most the size of a page
    /// @return this builder
    /// @throws IllegalArgumentException if it is not a power of two
    public LeasedByteBufAllocatorBuilder alignment(int newByteAlignment) {
        byteAlignment = (int) Alignment.check("alignment", newByteAlignment);
        return this;
    }

    /// Sets whether buffers are zeroed before they are lent, and where they grow. Otherwise they hold what their last
    /// holder left.
    ///
    /// @param newZeroing whether they are
    /// @return this builder
    public LeasedByteBufAllocatorBuilder zeroing(boolean newZeroing) {
        zeroing = newZeroing;
        return this;
    }

    /// Sets whether `buffer()` lends direct buffers; it does if not said.
    ///
    /// @param newPreferDirect whether it does
    /// @return this builder
    public LeasedByteBufAllocatorBuilder preferDirect(boolean newPreferDirect) {
        preferDirect = newPreferDirect;
        return this;
    }

    /// Sets a bound that refuses nothing: the first thread to allocate past it calls the listener, then no thread does
    /// for an interval.
    ///
    /// @param softByteLimit how many bytes may be charged before somebody is told
    /// @param interval the time between two calls
    /// @param listener told how many bytes are charged, in the thread that allocates and before it gets its buffer
    /// @return this builder
    /// @throws IllegalArgumentException if a value is negative
    public LeasedByteBufAllocatorBuilder softLimit(long softByteLimit, Duration interval, LongConsumer listener) {
        if (softByteLimit < 0) {
            throw new IllegalArgumentException("softByteLimit is negative: " + softByteLimit + ", bound=0");
        }
        if (interval.isNegative()) {
            throw new IllegalArgumentException("interval is negative: " + interval + ", bound=" + Duration.ZERO);
        }
        softLimit = new SoftLimit.Terms(softByteLimit, interval, listener);
        return this;
    }

    /// Opens the allocator.
    ///
    /// @return the allocator, to be closed by the caller
    /// @throws IllegalArgumentException if values exclude each other or do not fit the machine, naming them
    /// @throws IllegalStateException if the machine leaves too little memory
    public LeasedByteBufAllocator build() {
        if (arena != null && (byteLimit != 0 || budget != null || decay != null)) {
            throw new IllegalArgumentException("a given arena has its own bound, budget and decay: arena="
                    + arena.options().name() + ", byteLimit=" + byteLimit + ", budget=" + budget + ", decay=" + decay);
        }
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(this);
        long page = allocator.heaps().arena.options().pageByteSize();
        if (byteAlignment > page) {
            allocator.closeForcibly();
            throw new IllegalArgumentException("alignment is more than a page: " + byteAlignment + ", bound=" + page);
        }
        return allocator;
    }

    /// {@return what the allocator's own arena is opened with}
    PageArenaOptions arenaOptions(MemoryBudget charged) {
        PageArenaOptions options = PageArenaOptions.defaults()
                .withName(name + " pages")
                .withByteSize(Alignment.down(byteLimit, LIMIT_BYTE_ALIGNMENT))
                .withBudget(charged);
        return decay == null ? options : options.withDecay(decay);
    }
}
