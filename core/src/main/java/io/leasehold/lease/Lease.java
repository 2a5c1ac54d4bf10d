package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// The right to use a page, or a run of pages, at an address until the lease is closed (sf_buf).
///
/// ```text
///   acquire ----> OPEN ---- close -----> CLOSED      every later use throws, also after the same
///                  |  \---- handOver --> HANDED OVER page, window or record is reused for another lease
///                  |
///                  +------ ref ------> another lease on the same address
/// ```
///
/// **Ownership.** The caller that acquires the lease closes it exactly once, or hands it over. Closing releases the
/// mapping. It neither frees the page nor unwires it.
///
/// **Threads.** Any thread may use and close a lease. A lease that was acquired with [LeaseFlag#CPUPRIVATE] is confined
/// to the acquiring thread. The accessors read and write plain memory, without ordering.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>
public final class Lease implements AutoCloseable {

    /// Value of `handle` after a confined lease without a record has ended.
    private static final long ENDED = 0;

    private final LeasePool pool; // (C)
    private final long page; // (C)
    private final long address; // (C)

    /// A handle (positive). For a confined lease without a record: the negated id of its thread, then `ENDED`.
    private long handle; // (O)

    Lease(LeasePool pool, long handle, long page, long address) {
        this.pool = pool;
        this.handle = handle;
        this.page = page;
        this.address = address;
    }

    /// {@return a confined lease without a record, for the calling thread}
    ///
    /// Only for an address that never changes (direct map): the lease owns nothing in the pool.
    static Lease withoutRecord(LeasePool pool, long page, long address) {
        return new Lease(pool, -Thread.currentThread().threadId(), page, address);
    }

    /// {@return the address of the first byte (sf_buf_kva)}
    ///
    /// The address is a multiple of the page size and does not change until the lease ends.
    ///
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    public long address() {
        require();
        return address;
    }

    /// {@return the handle of the leased page or run (sf_buf_page)}
    ///
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    public long page() {
        require();
        return page;
    }

    /// {@return the size in bytes of the page or run}
    ///
    /// For a run this is its current size, but at most the size of a window.
    ///
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    public long byteSize() {
        require();
        return pool.pageByteSize(page);
    }

    /// {@return true if the lease is open and the calling thread may use it}
    public boolean isOpen() {
        return hasRecord() ? pool.isOpen(handle) : isOpenWithoutRecord();
    }

    /// {@return a view of the leased memory, with bounds}
    ///
    /// The lease is checked now and not again: the view does not notice the end of the lease. An `Arena` per lease
    /// would cost more than the lease. The accessors below check the lease each time.
    ///
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    public MemorySegment segment() {
        return OffHeap.segment(address, byteSize());
    }

    /// {@return the byte at `byteOffset`}
    ///
    /// @param byteOffset from 0 to `byteSize() - 1`
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    /// @throws IndexOutOfBoundsException if the access is not within the lease
    public byte getByte(long byteOffset) {
        return OffHeap.getByte(at(byteOffset, Byte.BYTES));
    }

    /// Stores a byte.
    ///
    /// @param byteOffset from 0 to `byteSize() - 1`
    /// @param value value to store
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    /// @throws IndexOutOfBoundsException if the access is not within the lease
    public void putByte(long byteOffset, byte value) {
        OffHeap.putByte(at(byteOffset, Byte.BYTES), value);
    }

    /// {@return the eight bytes at `byteOffset`, in native order}
    ///
    /// @param byteOffset from 0 to `byteSize() - 8`, at any alignment
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    /// @throws IndexOutOfBoundsException if the access is not within the lease
    public long getLong(long byteOffset) {
        return OffHeap.getLong(at(byteOffset, Long.BYTES));
    }

    /// Stores eight bytes in native order.
    ///
    /// @param byteOffset from 0 to `byteSize() - 8`, at any alignment
    /// @param value value to store
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    /// @throws IndexOutOfBoundsException if the access is not within the lease
    public void putLong(long byteOffset, long value) {
        OffHeap.putLong(at(byteOffset, Long.BYTES), value);
    }

    /// Reads bytes into an array.
    ///
    /// @param byteOffset offset of the first byte in the lease
    /// @param to array to write to
    /// @param start index of the first byte in the array
    /// @param count number of bytes
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    /// @throws IndexOutOfBoundsException if the range is not within the lease or the array
    public void getBytes(long byteOffset, byte[] to, int start, int count) {
        MemorySegment from = OffHeap.segment(at(byteOffset, count), count);
        Objects.checkFromIndexSize(start, count, to.length);
        MemorySegment.copy(from, 0, MemorySegment.ofArray(to), start, count);
    }

    /// Writes bytes from an array.
    ///
    /// @param byteOffset offset of the first byte in the lease
    /// @param from array to read from
    /// @param start index of the first byte in the array
    /// @param count number of bytes
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    /// @throws IndexOutOfBoundsException if the range is not within the lease or the array
    public void putBytes(long byteOffset, byte[] from, int start, int count) {
        MemorySegment to = OffHeap.segment(at(byteOffset, count), count);
        Objects.checkFromIndexSize(start, count, from.length);
        MemorySegment.copy(MemorySegment.ofArray(from), start, to, 0, count);
    }

    /// Acquires another lease on the same address (sf_buf_ref). Never waits.
    ///
    /// @return the other lease, which the caller closes separately
    /// @throws io.leasehold.page.PageStateException if the page is not wired any more
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    public Lease ref() {
        require();
        return hasRecord() ? new Lease(pool, pool.ref(handle), page, address) : pool.acquireWithoutRecord(page);
    }

    /// Moves the lease to a new handle and invalidates this object.
    ///
    /// @return the handle for the new owner, to be freed in the pool
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    public long handOver() {
        require();
        if (hasRecord()) {
            return pool.handOver(handle);
        }
        long next = pool.recordConfined(page, address);
        handle = ENDED;
        return next;
    }

    /// Ends the lease (sf_buf_free). The page stays allocated and wired.
    ///
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    @Override
    public void close() {
        if (hasRecord()) {
            pool.free(handle, page);
        } else {
            require();
            handle = ENDED;
        }
    }

    @Override
    public String toString() {
        return format(
                "Lease(%s, address=0x%x%s)",
                errors().describe(handle, page), address, isOpen() ? "" : ", unusable by this thread");
    }

    private long at(long byteOffset, int count) {
        long byteSize = byteSize();
        if (byteOffset < 0 || count < 0 || byteOffset > byteSize - count) {
            throw errors().pastEnd(handle, page, byteOffset, count, byteSize);
        }
        return address + byteOffset;
    }

    boolean hasRecord() {
        return handle > 0;
    }

    private boolean isOpenWithoutRecord() {
        return handle == -Thread.currentThread().threadId() && !pool.isClosed();
    }

    private void require() {
        if (hasRecord()) {
            pool.records().require("use", handle, page);
        } else if (!isOpenWithoutRecord()) {
            throw errors().refusedWithoutRecord(handle, page, pool.isClosed());
        }
    }

    private LeaseErrors errors() {
        return pool.records().errors();
    }
}
