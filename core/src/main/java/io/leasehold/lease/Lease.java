package io.leasehold.lease;

import io.leasehold.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// The right to use a page, or a run of pages, at an address until it is closed: the sf_buf.
///
/// ```text
///   acquire ----> OPEN ---- close -----> CLOSED      every use throws, for ever, also when the same
///                  |  \---- handOver --> CLOSED      page, window or record serves another lease
///                  |
///                  +------ ref ------> another lease on the same address
/// ```
///
/// **Ownership.** Whoever acquired it closes it, exactly once, or hands it over. Closing releases the mapping, and
/// never the page nor its wiring.
///
/// **Threads.** Any thread may use and close it, except one acquired with [LeaseFlag#CPUPRIVATE], which belongs to the
/// acquiring thread. What is read and written through it is plain memory.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>
public final class Lease implements AutoCloseable {

    /// In place of a handle: a confined lease without a record has ended.
    private static final long ENDED = 0;

    private final LeasePool pool; // (C)
    private final long page; // (C)
    private final long address; // (C)

    /// A handle; or, of a confined lease that needs no record, the id of its thread, negative, until it ends.
    private long handle; // (O)

    Lease(LeasePool pool, long handle, long page, long address) {
        this.pool = pool;
        this.handle = handle;
        this.page = page;
        this.address = address;
    }

    /// {@return a lease of the calling thread on what is always there, which needs nothing of the pool but its
    /// address}
    static Lease withoutRecord(LeasePool pool, long page, long address) {
        return new Lease(pool, -Thread.currentThread().threadId(), page, address);
    }

    /// {@return the address of the first byte, a multiple of the page size, constant until the lease ends
    /// (sf_buf_kva)}
    ///
    /// @throws LeaseStateException if the lease has ended or is another thread's
    public long address() {
        require();
        return address;
    }

    /// {@return the handle of the page that was leased (sf_buf_page)}
    ///
    /// @throws LeaseStateException if the lease has ended or is another thread's
    public long page() {
        require();
        return page;
    }

    /// {@return the size in bytes: of the page, or of the run as it is now and as far as a window reaches}
    ///
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws io.leasehold.page.PageStateException if the page was freed under the lease
    public long byteSize() {
        require();
        return pool.pageByteSize(page);
    }

    /// {@return whether the calling thread may use the lease}
    public boolean isOpen() {
        return hasRecord() ? pool.isOpen(handle) : isOpenWithoutRecord();
    }

    /// {@return a view of the memory, with its bounds}
    ///
    /// Checked now and not again: a view knows nothing of the end of the lease, as a session of its own would cost
    /// more than the lease. The accessors below check each time.
    ///
    /// @throws LeaseStateException if the lease has ended or is another thread's
    public MemorySegment segment() {
        return OffHeap.segment(address, byteSize());
    }

    /// {@return the byte at `byteOffset`}
    ///
    /// @param byteOffset from 0 to `byteSize() - 1`
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws IndexOutOfBoundsException if that is past the end
    public byte getByte(long byteOffset) {
        return OffHeap.getByte(at(byteOffset, Byte.BYTES));
    }

    /// Stores a byte.
    ///
    /// @param byteOffset from 0 to `byteSize() - 1`
    /// @param value what to store
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws IndexOutOfBoundsException if that is past the end
    public void putByte(long byteOffset, byte value) {
        OffHeap.putByte(at(byteOffset, Byte.BYTES), value);
    }

    /// {@return the eight bytes at `byteOffset`, in native order}
    ///
    /// @param byteOffset from 0 to `byteSize() - 8`, at any alignment
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws IndexOutOfBoundsException if that is past the end
    public long getLong(long byteOffset) {
        return OffHeap.getLong(at(byteOffset, Long.BYTES));
    }

    /// Stores eight bytes in native order.
    ///
    /// @param byteOffset from 0 to `byteSize() - 8`, at any alignment
    /// @param value what to store
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws IndexOutOfBoundsException if that is past the end
    public void putLong(long byteOffset, long value) {
        OffHeap.putLong(at(byteOffset, Long.BYTES), value);
    }

    /// Reads bytes into an array.
    ///
    /// @param byteOffset where to begin
    /// @param to where to put them
    /// @param start index in the array
    /// @param count how many
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws IndexOutOfBoundsException if that is past the end of the lease or of the array
    public void getBytes(long byteOffset, byte[] to, int start, int count) {
        MemorySegment from = OffHeap.segment(at(byteOffset, count), count);
        Objects.checkFromIndexSize(start, count, to.length);
        MemorySegment.copy(from, 0, MemorySegment.ofArray(to), start, count);
    }

    /// Writes bytes from an array.
    ///
    /// @param byteOffset where to begin
    /// @param from where to take them
    /// @param start index in the array
    /// @param count how many
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws IndexOutOfBoundsException if that is past the end of the lease or of the array
    public void putBytes(long byteOffset, byte[] from, int start, int count) {
        MemorySegment to = OffHeap.segment(at(byteOffset, count), count);
        Objects.checkFromIndexSize(start, count, from.length);
        MemorySegment.copy(MemorySegment.ofArray(from), start, to, 0, count);
    }

    /// Takes a further reference (sf_buf_ref); never waits.
    ///
    /// @return another lease on the same address, to be closed by itself
    /// @throws io.leasehold.page.PageStateException if the page is not wired any more
    /// @throws LeaseStateException if the lease has ended or is another thread's
    public Lease ref() {
        require();
        return hasRecord() ? new Lease(pool, pool.ref(handle), page, address) : pool.acquireConfined(page);
    }

    /// Hands the lease over: it goes on under the handle returned, and ends for whoever has this object.
    ///
    /// @return the handle for the new owner, to be released to the pool
    /// @throws LeaseStateException if the lease has ended or is another thread's
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
    /// @throws LeaseStateException if it has ended before or is another thread's
    @Override
    public void close() {
        if (hasRecord()) {
            pool.release(handle, page);
        } else {
            require();
            handle = ENDED;
        }
    }

    @Override
    public String toString() {
        return "Lease(%s, address=0x%x%s)"
                .formatted(errors().describe(handle, page), address, isOpen() ? "" : ", not open here");
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
