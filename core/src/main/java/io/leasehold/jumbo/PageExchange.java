package io.leasehold.jumbo;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.StackReserve;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// How pages of a pool become somebody's own, and how they come back.
///
/// ```text
///   steal    holder's handle ---------------------> owner's handle           the pool takes another page in its place
///   flip     receiver's handle, of the message ---> consumer's handle too    message freed: the place is free again
///   adopt    owner's handle ----------------------> the page is the pool's again
/// ```
///
/// A page that is somebody's own does not count against the bound of the pool; its memory stays charged.
///
/// **Ownership.** Who stole a page, or was handed one by a flip, owns it until it is adopted, if ever; the pool cannot
/// be closed before, except by force.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=jumbo&sektion=9">jumbo(9)</a>, jumbo_pg_steal
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=zero_copy&sektion=9">zero_copy(9)</a>
public final class PageExchange {

    /// In place of a handle: the bytes were copied, and the page is whose it was.
    public static final long COPIED = -2;

    /// A page that is flipped is gone for its consumer's sake, so its payload fills at least this part of it.
    private static final int MIN_FILLED_PARTS = 2;

    private final JumboPool<?> pool; // (C)
    private final AtomicLong flips = new AtomicLong(); // (A) which allocates nothing on the Java heap
    private final LongAdder copies = new LongAdder(); // (A)

    PageExchange(JumboPool<?> pool) {
        this.pool = pool;
    }

    /// What became of pages that were offered.
    record Counts(long flips, long copies) {}

    /// Detaches a page from the pool with its content and its object (jumbo_pg_steal). The pool takes another one in
    /// its place when it needs one.
    ///
    /// @param handle of a page that the caller holds alone; dead from now on
    /// @return the handle of the page as the caller's own, for [#adopt]
    /// @throws JumboStateException if the page is armed, held or flipped, or the handle stale or foreign
    public long steal(long handle) {
        JumboPage<?> page = pool.require("steal", handle);
        StackReserve.ensure(2);
        long stolen = page.steal(handle, pool.errors());
        pool.supply().noteStolen(page);
        return stolen;
    }

    /// Gives a page back that was stolen or flipped. If the pool has as many pages as it may have by now, the page's
    /// memory goes with its slab.
    ///
    /// @param handle of the page as the caller's own; dead from now on
    /// @throws JumboStateException if the handle is not of a page that was stolen or flipped
    public void adopt(long handle) {
        JumboPage<?> page = pool.require("adopt", handle);
        StackReserve.ensure(2);
        pool.supply().noteAdopted(page, page.adopt(handle, pool.errors()));
    }

    /// {@return whether [#flip] would hand the page over: it is leased, nobody holds it, it was not flipped in this
    /// life, and the payload begins where the page begins and fills at least half of it}
    ///
    /// Changes nothing, and never throws.
    ///
    /// @param handle of a page
    /// @param byteOffset where in the page the payload begins
    /// @param byteSize how long the payload is in bytes
    public boolean isFlippable(long handle, int byteOffset, int byteSize) {
        JumboPage<?> page = pool.find(handle);
        return page != null && isWorthIt(byteOffset, byteSize) && page.isFlippable(handle);
    }

    private boolean isWorthIt(int byteOffset, int byteSize) {
        return byteOffset == 0 && byteSize >= pool.pageByteSize() / MIN_FILLED_PARTS;
    }

    /// Delivers a payload to a consumer: the page itself, if [#isFlippable], or else a copy; the bytes are the same.
    ///
    /// The receiver still frees the message with the handle that it has, once, whatever became of the page. Behind the
    /// payload a page that was handed over reads as zero.
    ///
    /// @param handle of a page that the caller holds
    /// @param byteOffset where in the page the payload begins
    /// @param byteSize how long it is in bytes
    /// @param target address of `byteSize` bytes of the consumer's, written only if the page stays whose it is
    /// @return the consumer's own handle of the page, or [#COPIED]
    /// @throws JumboStateException if the page is not leased, or the handle stale or foreign
    /// @throws IndexOutOfBoundsException if the payload is not within the page
    public long flip(long handle, int byteOffset, int byteSize, long target) {
        long address = pool.address(handle);
        int pageByteSize = pool.pageByteSize();
        if (byteOffset < 0 || byteSize < 0 || byteOffset > pageByteSize - byteSize) {
            throw new IndexOutOfBoundsException("payload is not within the page: byteOffset=%d, byteSize=%d, bound=%d"
                    .formatted(byteOffset, byteSize, pageByteSize));
        }
        JumboPage<?> page = pool.require("flip", handle);
        StackReserve.ensure();
        long consumers = isWorthIt(byteOffset, byteSize) ? page.tryFlip(handle) : JumboPage.NONE;
        if (consumers != JumboPage.NONE) {
            pool.supply().noteFlipped(page);
            OffHeap.fill(address + byteSize, pageByteSize - byteSize, (byte) 0);
            flips.incrementAndGet();
            return consumers;
        }
        page.requireLeased("flip", handle, pool.errors());
        OffHeap.copy(address + byteOffset, target, byteSize);
        copies.increment();
        return COPIED;
    }

    Counts counts() {
        return new Counts(flips.get(), copies.sum());
    }

    @Override
    public String toString() {
        return "PageExchange(" + pool + ")";
    }
}
