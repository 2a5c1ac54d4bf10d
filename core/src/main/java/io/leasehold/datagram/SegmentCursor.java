package io.leasehold.datagram;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import java.lang.foreign.MemorySegment;

/// A cursor over the datagrams of a batch. It is created once and reused.
///
/// ```text
///   address                                 byteSize 5000, segmentSize 1400
///   [ 1400 | 1400 | 1400 | 800 ]
///     ^ next()  ^ next()  ^ next() ^ next(), then next() is false
/// ```
///
/// The cursor only computes numbers. It reads no memory, keeps no page, and does not know whether the page is released.
///
/// **Threads.** Confined to one thread at a time.
///
/// **Invariants.** I1: every segment except the last has `segmentSize` bytes, and the last one has the rest. I2: there
/// is at least one segment, because an empty datagram is a segment, too.
public final class SegmentCursor {

    private int byteSize; // (O) of the batch
    private int segmentSize; // (O) at least 1
    private int next; // (O) offset of the first byte behind the current segment
    private int left; // (O) segments behind the current one
    private long batchAddress; // (O)
    private long address; // (O) of the current segment
    private int segmentByteSize; // (O) of the current segment
    private boolean isAt; // (O) true if the cursor is at a segment

    /// Creates a cursor over no segment.
    public SegmentCursor() {
        segmentSize = 1;
    }

    /// Moves the cursor before the first segment of a batch.
    ///
    /// @param newAddress address of the first byte, at any alignment
    /// @param newByteSize bytes of the batch, at least 0; 0 is one empty datagram
    /// @param newSegmentSize bytes of each datagram except the last, or 0 for one datagram of any size
    /// @return this
    /// @throws IllegalArgumentException if a size is negative
    public SegmentCursor over(long newAddress, int newByteSize, int newSegmentSize) {
        if (newByteSize < 0 || newSegmentSize < 0) {
            throw new IllegalArgumentException(
                    "size is negative: byteSize=" + newByteSize + ", segmentSize=" + newSegmentSize + ", min=0");
        }
        batchAddress = newAddress;
        byteSize = newByteSize;
        segmentSize = newSegmentSize == 0 ? Math.max(1, newByteSize) : newSegmentSize;
        left = Math.max(1, Math.ceilDiv(newByteSize, segmentSize));
        next = 0;
        isAt = false;
        return this;
    }

    /// Moves the cursor to the next segment.
    ///
    /// @return true if there is one; false if the cursor is at no segment now
    public boolean next() {
        isAt = left > 0;
        if (isAt) {
            left--;
            address = batchAddress + next;
            segmentByteSize = Math.min(segmentSize, byteSize - next);
            next += segmentByteSize;
        }
        return isAt;
    }

    /// {@return the bytes of the segment as a memory segment} It is bounded but not tied to the life of the page.
    ///
    /// @throws IllegalStateException if the cursor is at no segment
    public MemorySegment segment() {
        checkAt();
        return OffHeap.segment(address, segmentByteSize);
    }

    /// {@return the address of the first byte of the segment, at any alignment}
    ///
    /// @throws IllegalStateException if the cursor is at no segment
    public long address() {
        checkAt();
        return address;
    }

    /// {@return the bytes of the segment, 0 for an empty datagram}
    ///
    /// @throws IllegalStateException if the cursor is at no segment
    public int byteSize() {
        checkAt();
        return segmentByteSize;
    }

    /// {@return the number of segments behind the current one}
    public int remaining() {
        return left;
    }

    @Override
    public String toString() {
        return format(
                "SegmentCursor(address=0x%x, byteSize=%d, segmentSize=%d, remaining=%d)",
                batchAddress, byteSize, segmentSize, left);
    }

    private void checkAt() {
        if (!isAt) {
            throw new IllegalStateException("cursor is at no segment: " + this);
        }
    }
}
