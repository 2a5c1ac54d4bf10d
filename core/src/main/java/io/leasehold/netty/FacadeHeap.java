package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.AddressSpace;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The heap behind all pools of one copy of Netty, for the agent.
///
/// ```text
///   AdaptiveByteBufAllocator ---> FacadeBacking ---> LeasedByteBufAllocator --+
///   PooledByteBufAllocator -----> FacadeBacking ---> LeasedByteBufAllocator --+--> one BufferHeaps
/// ```
///
/// A pool of Netty in front of the heap is a facade. Its buffers come from the heap, and [ByteBuf#alloc()][
/// io.netty.buffer.ByteBuf#alloc()] of a buffer returns the facade that allocated the buffer.
///
/// **Reports.** All facades share the heap, and a sum over all of them must count its memory once. So one of them
/// reports it: [ByteBufAllocator#DEFAULT] if that is a facade, else the facade that was made first. The others report
/// 0.
///
/// **Ownership.** Belongs to the process and is never closed.
///
/// **Threads.** Thread-safe.
public final class FacadeHeap implements Function<Object, Object> {

    private final LeasedByteBufAllocator allocator; // (C)
    private @Nullable WeakReference<ByteBufAllocator> first; // (L) this object

    private FacadeHeap(LeasedByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /// Opens a heap. The agent calls this method by reflection, so all types are of the JDK.
    ///
    /// @param options `name`, a String: the name in messages; `limit`, a Long: the limit of the heap in bytes;
    ///     `budget`, a Long: the limit of all heaps together; `total` and `own`, each an [AtomicLong]: the bytes in use
    ///     of all heaps, and of this one. Without `limit`, the budget is the limit. Without `budget`, the budget is the
    ///     default limit of the process. Without `total` or `own`, `budget` limits this heap alone; if there is no
    ///     `budget` either, the heap is charged to [MemoryBudget#process()]
    /// @return the heap
    /// @throws ClassCastException if a value has another type
    /// @throws IllegalArgumentException if a limit is not allowed
    /// @throws IllegalStateException if the system leaves too little memory for a default limit, or too few mappings
    /// @throws io.leasehold.page.PageExhaustedException if the limit is less than the tables of the arena
    public static Function<Object, Object> open(Map<String, Object> options) {
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder();
        String name = (String) options.getOrDefault("name", "netty");
        builder.name(name).budget(budget(name, options));
        Object limit = options.get("limit");
        if (limit != null) {
            builder.byteLimit((Long) limit);
        }
        return new FacadeHeap(builder.build());
    }

    private static MemoryBudget budget(String name, Map<String, Object> options) {
        Object limit = options.get("budget");
        Object total = options.get("total");
        Object own = options.get("own");
        if (total == null || own == null) {
            return limit == null ? MemoryBudget.process() : MemoryBudget.of(name, (Long) limit);
        }
        long byteLimit = limit == null ? MemoryBudget.process().byteLimit() : (Long) limit;
        return MemoryBudget.shared(name, byteLimit, (AtomicLong) total, (AtomicLong) own);
    }

    /// {@return the allocator behind a facade, an `AbstractByteBufAllocator`}
    ///
    /// @param facade a pool of Netty, which is under construction
    @Override
    public synchronized Object apply(Object facade) {
        ByteBufAllocator pool = (ByteBufAllocator) facade;
        if (first == null || first.get() == null) {
            first = new WeakReference<>(pool);
        }
        return new FacadeBacking(this, new LeasedByteBufAllocator(allocator, pool));
    }

    /// {@return true if a facade reports the memory of the heap}
    boolean isReporter(ByteBufAllocator facade) {
        ByteBufAllocator standard = ByteBufAllocator.DEFAULT;
        if (standard instanceof PooledByteBufAllocator || standard instanceof AdaptiveByteBufAllocator) {
            return standard.equals(facade);
        }
        return isFirst(facade);
    }

    private synchronized boolean isFirst(ByteBufAllocator facade) {
        if (first == null || first.get() == null) {
            first = new WeakReference<>(facade);
        }
        return facade.equals(first.get());
    }

    /// {@return the kind of memory, for the line that the agent prints}
    @Override
    public String toString() {
        return AddressSpace.isNative()
                ? "native memory is in use"
                : "portable memory is in use: cause=" + AddressSpace.portableCause();
    }
}
