package io.leasehold.os;

import io.leasehold.os.VirtualMemory.Capability;

/// The preconditions of [VirtualMemory]. Every implementation checks them with this class.
///
/// **Threads.** Immutable.
///
/// @param pageSize size of an OS page in bytes, a power of two
record Preconditions(long pageSize) {

    /// Maximum length of the name of a memory file; memfd_create(2) allows 249 bytes.
    private static final int MAX_NAME_LENGTH = 200;

    void checkReservation(long byteSize, long byteAlignment) {
        checkSize(byteSize);
        if (Long.bitCount(byteAlignment) != 1 || byteAlignment < pageSize) {
            throw new IllegalArgumentException("alignment is not a power of two of at least the page size: "
                    + "byteAlignment=" + byteAlignment + ", pageSize=" + pageSize);
        }
    }

    void checkRange(long address, long byteSize) {
        if (address <= 0 || !isPageMultiple(address)) {
            throw new IllegalArgumentException("address is not a positive multiple of the page size: address=0x"
                    + Long.toHexString(address) + ", pageSize=" + pageSize);
        }
        checkSize(byteSize);
        if (address > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException("range ends beyond the largest address: address=0x"
                    + Long.toHexString(address) + ", byteSize=" + byteSize);
        }
    }

    void checkRanges(long[] addresses, long[] byteSizes, int count) {
        if (count < 0 || count > addresses.length || count > byteSizes.length) {
            throw new IllegalArgumentException("count is out of bounds: count=" + count + ", min=0, addresses="
                    + addresses.length + ", byteSizes=" + byteSizes.length);
        }
        for (int i = 0; i < count; i++) {
            checkRange(addresses[i], byteSizes[i]);
        }
    }

    void checkMemoryFile(String name, long byteSize) {
        if (name.length() > MAX_NAME_LENGTH || !name.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw new IllegalArgumentException("name is not at most " + MAX_NAME_LENGTH
                    + " printable ASCII characters: length=" + name.length() + ", name=" + name);
        }
        if (byteSize != 0) {
            checkSize(byteSize);
        }
    }

    void checkFileRange(long byteOffset, long byteSize) {
        if (byteOffset < 0 || !isPageMultiple(byteOffset) || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException("offset is not a multiple of the page size within a file: byteOffset="
                    + byteOffset + ", byteSize=" + byteSize + ", pageSize=" + pageSize);
        }
    }

    private void checkSize(long byteSize) {
        if (byteSize <= 0 || !isPageMultiple(byteSize)) {
            throw new IllegalArgumentException("size is not a positive multiple of the page size: byteSize=" + byteSize
                    + ", pageSize=" + pageSize);
        }
    }

    private boolean isPageMultiple(long value) {
        return (value & (pageSize - 1)) == 0;
    }

    static UnsupportedOperationException missing(Capability capability) {
        return new UnsupportedOperationException("memory lacks a capability: capability=" + capability);
    }
}
