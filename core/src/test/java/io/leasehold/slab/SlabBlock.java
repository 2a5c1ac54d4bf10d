package io.leasehold.slab;

import io.leasehold.memory.OffHeap;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// The object that tests bind to blocks. It writes a pattern into its block, and checks the pattern later.
///
/// **Threads.** Confined to the thread that has the block.
final class SlabBlock {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int EVERY_WORD_TO = 4 << 10;
    private static final int STRIDE = 504; // not a divisor of a page, so that all offsets in a page occur

    final SlabHeap<SlabBlock> heap;
    final byte @Nullable [] array;
    final long address;
    long handle;
    int byteSize;
    private long stamp;

    SlabBlock(SlabHeap<SlabBlock> heap, long handle, byte @Nullable [] array, long address, int byteSize) {
        this.heap = heap;
        this.handle = handle;
        this.array = array;
        this.address = address;
        this.byteSize = byteSize;
    }

    /// Writes a pattern that is unique for `newStamp`: into every word of a small block, and into many words of a large
    /// one.
    void write(long newStamp) {
        stamp = newStamp * 0x9E37_79B9_7F4A_7C15L + 1;
        int step = byteSize <= EVERY_WORD_TO ? Long.BYTES : STRIDE;
        for (int at = 0; at < byteSize; at += step) {
            put(at, stamp + at);
        }
        put(byteSize - Long.BYTES, stamp + byteSize - Long.BYTES);
    }

    /// Checks the pattern that was written last.
    void check() {
        check(byteSize);
    }

    /// Checks the pattern that was written when the block had `written` bytes.
    void check(int written) {
        int step = written <= EVERY_WORD_TO ? Long.BYTES : STRIDE;
        for (int at = 0; at < written; at += step) {
            expect(at);
        }
        expect(written - Long.BYTES);
    }

    /// Extends the block in place.
    ///
    /// @return true if the block was extended
    boolean grow(int newByteSize) {
        long grown = heap.tryGrow(handle, newByteSize);
        if (grown == SlabHeap.NO_BLOCK) {
            return false;
        }
        handle = grown;
        byteSize = heap.byteSize(grown);
        return true;
    }

    void release() {
        heap.free(handle);
    }

    private void put(int at, long value) {
        if (array == null) {
            OffHeap.putLong(address + at, value);
        } else {
            LONG.set(array, (int) address + at, value);
        }
    }

    private void expect(int at) {
        long value = array == null ? OffHeap.getLong(address + at) : (long) LONG.get(array, (int) address + at);
        if (value != stamp + at) {
            throw new AssertionError("block was overwritten: at=%d, found=0x%x, written=0x%x, %s"
                    .formatted(at, value, stamp + at, this));
        }
    }

    @Override
    public String toString() {
        return "SlabBlock(handle=0x%x, address=0x%x, byteSize=%d)".formatted(handle, address, byteSize);
    }
}
