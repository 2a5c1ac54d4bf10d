package io.leasehold.netty;

import static io.leasehold.text.Texts.format;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.OptionChecks;
import io.leasehold.memory.StripedCounter;
import io.netty.channel.ChannelHandler;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/// Stops the channels of a group that hold more than their share while the budget of the group is under pressure, and
/// starts them again when they hold less. Meanwhile the TCP receive windows fill, and the peers wait.
///
/// ```text
///   share = max(minShareBytes, min(soft limit, share of the budget) / channels that hold bytes)
///
///   stop     budget under pressure and held > share           checked after each read of the channel
///   resume   held <= share / 2, or no pressure any more       checked at each release, and every 20 ms
/// ```
///
/// **What is held.** The capacity of each buffer that the channel read and that is not released yet, and the readable
/// bytes of each write that is not complete. So a buffer that is sent back counts twice until it is sent. Of the
/// buffers that were read, only those of the allocator that pass the handler as a `ByteBuf` count. So put the handler
/// before the decoders, and after the `SslHandler`. Bytes that a decoder copied to a buffer of its own do not count,
/// and neither do heap buffers, read-only buffers and buffers of other allocators. Of the writes, every `ByteBuf` and
/// `ByteBufHolder` counts.
///
/// **What it costs.** To learn of the release, each buffer that was read is wrapped: two objects of about 150 bytes a
/// read, and one object a write. A channel without the handler costs nothing.
///
/// **What it does not do.** The throttle does not break a standstill: a channel whose next handler waits for more bytes
/// than the channel may hold stays stopped as long as there is pressure. So choose `minShareBytes` larger than the
/// longest message, or close channels that do nothing for a time. The throttle does not reject bytes: those that the
/// kernel has already given to Netty are delivered.
///
/// **Ownership.** The budget and the allocator are the caller's. A buffer may be released after its channel is closed.
///
/// **Threads.** Thread-safe. Each [handler][#handler()] belongs to one channel and its event loop. Any thread releases
/// buffers. There is no thread of its own, and no timer while no channel is stopped.
public final class BudgetThrottle {

    private final MemoryBudget budget; // (C)
    private final LeasedByteBufAllocator allocator; // (C)
    private final long minShareBytes; // (C)
    private final AtomicInteger holders = new AtomicInteger(); // (A) channels that hold bytes
    private final StripedCounter heldBytes = new StripedCounter(); // (A)
    private final StripedCounter stops = new StripedCounter(); // (A)

    private BudgetThrottle(MemoryBudget budget, LeasedByteBufAllocator allocator, long minShareBytes) {
        this.budget = Objects.requireNonNull(budget, "budget is null");
        this.allocator = Objects.requireNonNull(allocator, "allocator is null");
        this.minShareBytes = OptionChecks.atLeast("minShareBytes", minShareBytes, 1);
    }

    /// Creates the throttle of a group of channels.
    ///
    /// @param budget the budget of the group, normally the one that `allocator` is charged to
    /// @param allocator allocator of the channels; its buffers are counted
    /// @param minShareBytes number of bytes that a channel may hold in any case, at least 1
    /// @return the throttle
    /// @throws IllegalArgumentException if `minShareBytes` is less than 1
    public static BudgetThrottle of(MemoryBudget budget, LeasedByteBufAllocator allocator, long minShareBytes) {
        return new BudgetThrottle(budget, allocator, minShareBytes);
    }

    /// Creates the handler of one channel of the group. The handler runs on the event loop of the channel. A pipeline
    /// that adds it with another executor removes it again and reports an exception.
    ///
    /// @return a handler for one pipeline
    public ChannelHandler handler() {
        return new ThrottledChannel(this, allocator);
    }

    /// {@return the number of bytes that a channel may hold under pressure now}
    public long shareBytes() {
        long left = Math.min(budget.softByteLimit(), budget.shareBytes());
        return Math.max(minShareBytes, left / Math.max(1, holders.get()));
    }

    /// {@return the number of bytes that all channels hold}
    public long heldBytes() {
        return heldBytes.sum();
    }

    /// {@return the number of channels that hold bytes}
    public int holders() {
        return Math.max(0, holders.get());
    }

    /// {@return the number of times that a channel was stopped}
    public long stops() {
        return stops.sum();
    }

    /// {@return true if a channel that reads must stop}
    boolean mustStop(long held) {
        return held > minShareBytes && held > shareBytes() && budget.isUnderPressure();
    }

    /// {@return true if a channel that is stopped may read again}
    boolean mayResume(long held) {
        return held <= shareBytes() / 2 || !budget.isUnderPressure();
    }

    /// Counts bytes that a channel holds, or does not hold any more.
    ///
    /// @param before number of bytes that the channel held before the change
    /// @param change number of bytes, negative if it holds less
    void changed(long before, long change) {
        heldBytes.add(change);
        if (before <= 0 && before + change > 0) {
            holders.incrementAndGet();
        } else if (before > 0 && before + change <= 0) {
            holders.decrementAndGet();
        }
    }

    void noteStop() {
        stops.increment();
    }

    @Override
    public String toString() {
        return format(
                "BudgetThrottle(%s, held=%,d B of %d channels, share=%,d B, stops=%d)",
                budget.path(), heldBytes(), holders(), shareBytes(), stops());
    }
}
