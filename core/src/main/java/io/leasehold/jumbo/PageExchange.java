package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.StackReserve;
import io.leasehold.memory.StripedCounter;

/// Operations that change the owner of a page.
///
/// ```text
///   steal    holder's handle ---------------------> owner's handle           the pool uses another page in its place
///   flip     receiver's handle, of the message ---> consumer's handle too    message freed: room for another page
///   adopt    owner's handle ----------------------> the page belongs to the pool again
/// ```
///
/// A page with an owner outside of the pool does not count against `maxPages`. Its memory stays charged.
///
/// **Ownership.** The caller that stole a page, or the consumer that a page was flipped to, owns the page until it is
/// adopted. It may own the page for ever. Until then the pool can be closed only by force.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=jumbo&sektion=9">jumbo(9)</a>, jumbo_pg_steal
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=zero_copy&sektion=9">zero_copy(9)</a>
public final class PageExchange {

    /// Returned in place of a handle: the bytes were copied, and the page has the owner it had before.
    public static final long COPIED = -2;

    /// A page is flipped only if its payload fills at least 1 / 2 of it, because the pool loses the whole page.
    private static final int MIN_FILLED_PARTS = 2;

    private final JumboPool<?> pool; // (C)
    private final StripedCounter flips = new StripedCounter(); // (A)
    private final StripedCounter copies = new StripedCounter(); // (A)

    PageExchange(JumboPool<?> pool) {
        this.pool = pool;
    }

    /// Numbers of payloads that were flipped and copied.
    record Counts(long flips, long copies) {}

    /// Steals a page: detaches it from the pool, with its content and its object (jumbo_pg_steal). The pool uses
    /// another page in its place when it needs one.
    ///
    /// @param handle the handle of a leased page that is not held; stale afterwards
    /// @return the handle of the owner, for [#adopt]
    /// @throws JumboStateException if the page is armed or held, was flipped, or the handle is stale or foreign
    public long steal(long handle) {
        JumboPage<?> page = pool.require("steal", handle);
        StackReserve.ensure(2);
        long stolen = page.steal(handle, pool.errors());
        pool.supply().noteStolen(page);
        return stolen;
    }

    /// Adopts a stolen or flipped page into the pool. If the message of a flipped page is not freed yet, the holder of
    /// the message keeps the page. If the pool has `maxPages` pages by now, the page becomes inactive, and its memory
    /// goes with its slab.
    ///
    /// @param handle the handle of the owner; stale afterwards
    /// @throws JumboStateException if the handle is not of a stolen or flipped page
    public void adopt(long handle) {
        JumboPage<?> page = pool.require("adopt", handle);
        pool.supply().ensureStack();
        pool.supply().noteAdopted(page, page.adopt(handle, pool.errors()));
    }

    /// {@return true if [#flip] would flip the page: it is leased, not held, not flipped in this generation, and the
    /// payload begins at offset 0 and fills at least half of the page}
    ///
    /// Changes nothing, and never throws. Returns false for a stale or foreign handle.
    ///
    /// @param handle the handle of a page
    /// @param byteOffset the offset of the payload in the page, in bytes
    /// @param byteSize the size of the payload in bytes
    public boolean isFlippable(long handle, int byteOffset, int byteSize) {
        JumboPage<?> page = pool.find(handle);
        return page != null && isWorthIt(byteOffset, byteSize) && page.isFlippable(handle);
    }

    private boolean isWorthIt(int byteOffset, int byteSize) {
        return byteOffset == 0 && byteSize >= pool.pageByteSize() / MIN_FILLED_PARTS;
    }

    /// Delivers a payload to a consumer: flips the page if [#isFlippable], and copies the payload otherwise. The bytes
    /// are the same.
    ///
    /// In both cases the receiver frees the message once with the handle that it has. Behind the payload, a flipped
    /// page reads as zero.
    ///
    /// @param handle the handle of a leased page that the caller has
    /// @param byteOffset the offset of the payload in the page, in bytes
    /// @param byteSize the size of the payload in bytes
    /// @param target the address of `byteSize` bytes that belong to the consumer; written only if the payload is copied
    /// @return the handle of the consumer, or [#COPIED]
    /// @throws JumboStateException if the page is not leased, the handle is stale or foreign, or the pool is closed
    /// @throws IndexOutOfBoundsException if the payload is not within the page
    public long flip(long handle, int byteOffset, int byteSize, long target) {
        long address = pool.address(handle);
        int pageByteSize = pool.pageByteSize();
        if (byteOffset < 0 || byteSize < 0 || byteOffset > pageByteSize - byteSize) {
            throw new IndexOutOfBoundsException(format(
                    "payload is not within the page: byteOffset=%d, byteSize=%d, max=%d",
                    byteOffset, byteSize, pageByteSize));
        }
        JumboPage<?> page = pool.require("flip", handle);
        StackReserve.ensure();
        long consumers = isWorthIt(byteOffset, byteSize) ? page.tryFlip(handle) : JumboPage.NONE;
        if (consumers != JumboPage.NONE) {
            pool.supply().noteFlipped(page);
            OffHeap.fill(address + byteSize, pageByteSize - byteSize, (byte) 0);
            flips.increment();
            return consumers;
        }
        page.requireLeased("flip", handle, pool.errors());
        OffHeap.copy(address + byteOffset, target, byteSize);
        copies.increment();
        return COPIED;
    }

    Counts counts() {
        return new Counts(flips.sum(), copies.sum());
    }

    @Override
    public String toString() {
        return "PageExchange(" + pool + ")";
    }
}
