package io.leasehold.memory;

import io.leasehold.os.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Plain access to memory at an absolute address, in native byte order, with any alignment.
///
/// ```text
///   address ---- minus base ----> offset in the one constant segment ----> bare load or store
///                (0 if native)
/// ```
///
/// **Bounds.** Only the bounds of the segment are checked: an access outside throws an [IndexOutOfBoundsException]. In
/// native mode the segment is the whole address space. So the caller must pass an address of a live page, lease or
/// region.
///
/// **Threads.** Plain access in the sense of the Java memory model. Use [Words] to synchronize threads.
public final class OffHeap {

    private static final MemorySegment ALL = AddressSpace.ALL;
    private static final long BASE = AddressSpace.BASE;
    private static final long BYTE_SIZE = ALL.byteSize();

    /// Size in bytes above which the JDK does not fill and copy word by word.
    private static final int BULK_BYTES = 4096;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    /// Number of bytes that a fill stores one by one, before it copies them.
    private static final int SMALL_FILL_BYTES = 256;

    /// Number of bytes that a fill copies at once, so that they stay in the L1 cache.
    private static final int MAX_PIECE_BYTES = 16 << 10;

    static {
        // initializes classes of the JDK, which would be unusable for ever if that failed later (EarlyClasses)
        MemorySegment warm = MemorySegment.ofArray(new byte[2 * BULK_BYTES]);
        warm.asSlice(1, 7).fill((byte) 1);
        MemorySegment.copy(warm, 0, warm, BULK_BYTES, BULK_BYTES);
    }

    private OffHeap() {}

    /// {@return the byte at `address`}
    ///
    /// @param address address, with any alignment
    public static byte getByte(long address) {
        return ALL.get(BYTE, address - BASE);
    }

    /// Stores a byte at `address`.
    ///
    /// @param address address, with any alignment
    /// @param value value to store
    public static void putByte(long address, byte value) {
        ALL.set(BYTE, address - BASE, value);
    }

    /// {@return the two bytes at `address` as a `short`}
    ///
    /// @param address address, with any alignment
    public static short getShort(long address) {
        return ALL.get(SHORT, address - BASE);
    }

    /// Stores two bytes at `address`.
    ///
    /// @param address address, with any alignment
    /// @param value value to store
    public static void putShort(long address, short value) {
        ALL.set(SHORT, address - BASE, value);
    }

    /// {@return the four bytes at `address` as an `int`}
    ///
    /// @param address address, with any alignment
    public static int getInt(long address) {
        return ALL.get(INT, address - BASE);
    }

    /// Stores four bytes at `address`.
    ///
    /// @param address address, with any alignment
    /// @param value value to store
    public static void putInt(long address, int value) {
        ALL.set(INT, address - BASE, value);
    }

    /// {@return the eight bytes at `address` as a `long`}
    ///
    /// @param address address, with any alignment
    public static long getLong(long address) {
        return ALL.get(LONG, address - BASE);
    }

    /// Stores eight bytes at `address`.
    ///
    /// @param address address, with any alignment
    /// @param value value to store
    public static void putLong(long address, long value) {
        ALL.set(LONG, address - BASE, value);
    }

    /// Sets `byteSize` bytes from `address` on to `value`.
    ///
    /// @param address address, with any alignment
    /// @param byteSize number of bytes
    /// @param value value to store
    public static void fill(long address, long byteSize, byte value) {
        // no MemorySegment.asSlice, which allocates: freed memory must be filled when the Java heap is full, too
        long words = (value & 0xFFL) * 0x0101_0101_0101_0101L;
        long filled = 0;
        for (; filled < Math.min(byteSize, SMALL_FILL_BYTES) - (Long.BYTES - 1); filled += Long.BYTES) {
            putLong(address + filled, words);
        }
        for (; filled < Math.min(byteSize, SMALL_FILL_BYTES); filled++) {
            putByte(address + filled, value);
        }
        while (filled < byteSize) {
            long more = Math.min(byteSize - filled, Math.min(filled, MAX_PIECE_BYTES));
            copy(address, address + filled, more);
            filled += more;
        }
    }

    /// Copies `byteSize` bytes; the ranges may overlap.
    ///
    /// @param from address of the first byte to read
    /// @param to address of the first byte to write
    /// @param byteSize number of bytes
    public static void copy(long from, long to, long byteSize) {
        MemorySegment.copy(ALL, from - BASE, ALL, to - BASE, byteSize);
    }

    /// Copies memory into a segment, until the segment is full.
    ///
    /// @param from address of the first byte to read
    /// @param to segment to fill, native or on the Java heap
    public static void copyToSegment(long from, MemorySegment to) {
        MemorySegment.copy(ALL, from - BASE, to, 0, to.byteSize());
    }

    /// Copies `length` bytes into an array.
    ///
    /// @param from address of the first byte to read
    /// @param to array to write to
    /// @param index index of the first byte written in `to`
    /// @param length number of bytes
    /// @throws IndexOutOfBoundsException if the range is outside the array
    public static void copyToArray(long from, byte[] to, int index, int length) {
        MemorySegment.copy(ALL, from - BASE, MemorySegment.ofArray(to), index, length);
    }

    /// Copies `length` bytes out of an array.
    ///
    /// @param from array to read from
    /// @param index index of the first byte read in `from`
    /// @param to address of the first byte to write
    /// @param length number of bytes
    /// @throws IndexOutOfBoundsException if the range is outside the array
    public static void copyFromArray(byte[] from, int index, long to, int length) {
        MemorySegment.copy(MemorySegment.ofArray(from), index, ALL, to - BASE, length);
    }

    /// {@return true if this class can access a range of memory}
    ///
    /// In native mode this is all memory of the process, in portable mode only the memory of this library.
    ///
    /// @param address address of the first byte, of any memory
    /// @param byteSize number of bytes
    public static boolean reaches(long address, long byteSize) {
        long offset = address - BASE;
        return offset >= 0 && offset <= BYTE_SIZE - byteSize;
    }

    /// {@return a view of `byteSize` bytes at `address`}
    ///
    /// The view has bounds, but stays accessible after the owner of the memory has freed it.
    ///
    /// @param address address, with any alignment
    /// @param byteSize number of bytes
    public static MemorySegment segment(long address, long byteSize) {
        return ALL.asSlice(address - BASE, byteSize);
    }
}
