package io.leasehold.jumbo;

/// A cursor over the datagrams of a train, made once and used for ever.
///
/// ```text
///   address                                 byteSize 5000, segmentSize 1400
///   [ 1400 | 1400 | 1400 | 800 ]
///     ^ next()  ^ next()  ^ next() ^ next(), then next() is false
/// ```
///
/// It is arithmetic over numbers: it reads no memory, keeps no page alive, and does not know whether there is one.
///
/// **Threads.** Confined to one thread at a time.
///
/// **Invariants.** I1: every segment but the last is `segmentSize` bytes, the last one is what is left. I2: there is at
/// least one, since an empty datagram is one, too.
public final class SegmentCursor {

    private int byteSize; // (O) of the train
    private int segmentSize; // (O) at least 1
    private int next; // (O) offset of the first byte behind the segment it is at
    private int left; // (O) segments to come
    private long batchAddress; // (O)
    private long address; // (O) of the segment it is at
    private int segmentByteSize; // (O) of the segment it is at
    private boolean isAt; // (O) whether it is at a segment

    /// A cursor over nothing.
    public SegmentCursor() {
        segmentSize = 1;
    }

    /// Goes before the first segment of a train.
    ///
    /// @param newAddress of the first byte, at any alignment
    /// @param newByteSize bytes of the train, from 0 on; 0 is one empty datagram
    /// @param newSegmentSize bytes of each datagram but the last, or 0 if there is just one, whatever its size
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

    /// Goes to the next segment.
    ///
    /// @return whether there is one; else this is at none
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

    /// {@return the address of the first byte of the segment, at any alignment}
    ///
    /// @throws IllegalStateException if this is at none
    public long address() {
        checkAt();
        return address;
    }

    /// {@return the bytes of the segment, 0 of an empty datagram}
    ///
    /// @throws IllegalStateException if this is at none
    public int byteSize() {
        checkAt();
        return segmentByteSize;
    }

    /// {@return how many segments are still to come}
    public int remaining() {
        return left;
    }

    @Override
    public String toString() {
        return "SegmentCursor(address=0x%x, byteSize=%d, segmentSize=%d, remaining=%d)"
                .formatted(batchAddress, byteSize, segmentSize, left);
    }

    private void checkAt() {
        if (!isAt) {
            throw new IllegalStateException("cursor is at no segment: " + this);
        }
    }
}
