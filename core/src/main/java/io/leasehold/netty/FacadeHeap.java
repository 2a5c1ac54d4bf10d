package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.AddressSpace;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.stream.Stream;

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
/// **Reports.** All facades share the heap, and a sum over all of them must count its memory once. So one facade
/// reports each number, and the others report 0:
///
/// ```text
///   used bytes     ByteBufAllocator.DEFAULT if that is a facade, else the oldest facade
///   pinned bytes   the oldest facade that is a PooledByteBufAllocator, since only that class has the number.
///                  It is PooledByteBufAllocator.DEFAULT if that is a facade
/// ```
///
/// A pool may be a facade for direct buffers and not for heap buffers, or the other way round. So each kind of memory
/// has its own facades.
///
/// **Ownership.** Belongs to the process and is never closed.
///
/// **Threads.** Thread-safe.
public final class FacadeHeap implements BiFunction<Object, Boolean, Object> {

    private final LeasedByteBufAllocator allocator; // (C)
    private final List<WeakReference<ByteBufAllocator>> direct = new ArrayList<>(); // (L) this object; oldest first
    private final List<WeakReference<ByteBufAllocator>> onHeap = new ArrayList<>(); // (L) this object; oldest first

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
    public static BiFunction<Object, Boolean, Object> open(Map<String, Object> options) {
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

    /// {@return the allocator behind a facade for one kind of memory, an `AbstractByteBufAllocator`}
    ///
    /// @param facade a pool of Netty, which is under construction
    /// @param isDirect true for direct buffers
    @Override
    public synchronized Object apply(Object facade, Boolean isDirect) {
        ByteBufAllocator pool = (ByteBufAllocator) facade;
        FacadeBacking backing = new FacadeBacking(this, new LeasedByteBufAllocator(allocator, pool));
        List<WeakReference<ByteBufAllocator>> facades = facades(isDirect);
        facades.removeIf(each -> each.get() == null);
        facades.add(new WeakReference<>(pool));
        return backing;
    }

    /// {@return true if a facade reports the used bytes of one kind of memory}
    boolean isReporterOfUsed(ByteBufAllocator facade, boolean isDirect) {
        ByteBufAllocator standard = ByteBufAllocator.DEFAULT; // before the lock, since it may run an initialiser
        synchronized (this) {
            ByteBufAllocator reporter = live(isDirect)
                    .filter(pool -> pool.equals(standard))
                    .findFirst()
                    .or(() -> live(isDirect).findFirst())
                    .orElse(null);
            return facade.equals(reporter);
        }
    }

    /// {@return true if a facade reports the pinned bytes of one kind of memory}
    ///
    /// @param facade a `PooledByteBufAllocator`. A copy of Netty without one has not loaded the class, and this method
    ///     is not called
    synchronized boolean isReporterOfPinned(ByteBufAllocator facade, boolean isDirect) {
        ByteBufAllocator reporter = live(isDirect)
                .filter(PooledByteBufAllocator.class::isInstance)
                .findFirst()
                .orElse(null);
        return facade.equals(reporter);
    }

    private Stream<ByteBufAllocator> live(boolean isDirect) {
        return facades(isDirect).stream().map(WeakReference::get).filter(Objects::nonNull);
    }

    private List<WeakReference<ByteBufAllocator>> facades(boolean isDirect) {
        return isDirect ? direct : onHeap;
    }

    /// {@return the kind of memory, for the line that the agent prints}
    @Override
    public String toString() {
        return AddressSpace.isNative()
                ? "native memory is in use"
                : "portable memory is in use: cause=" + AddressSpace.portableCause();
    }
}
