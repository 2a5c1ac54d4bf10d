package io.leasehold.memory;

import io.leasehold.os.VirtualMemory;

/// Real memory of zeroes for one test, native or portable, whichever this process has.
///
/// **Ownership.** Closing it gives the memory back; no pointer into it may be used afterwards.
///
/// **Threads.** Immutable.
public final class ScratchMemory implements AutoCloseable {

    private final VirtualMemory memory = VirtualMemory.system(); // (C)
    private final long address; // (C)
    private final long byteSize; // (C)

    private ScratchMemory(long byteSize, long byteAlignment) {
        this.byteSize = Alignment.up(byteSize, memory.pageSize());
        this.address = memory.reserve(this.byteSize, Math.max(byteAlignment, memory.pageSize()));
        memory.commit(address, this.byteSize);
    }

    /// {@return at least `byteSize` bytes}
    public static ScratchMemory of(long byteSize) {
        return new ScratchMemory(byteSize, 1);
    }

    /// {@return at least `byteSize` bytes at a multiple of `byteAlignment`, a power of two}
    public static ScratchMemory of(long byteSize, long byteAlignment) {
        return new ScratchMemory(byteSize, byteAlignment);
    }

    /// {@return where it begins, a multiple of the OS page}
    public long address() {
        return address;
    }

    /// {@return its size in bytes, a multiple of the OS page}
    public long byteSize() {
        return byteSize;
    }

    /// {@return whether every byte of a range has this value}
    public static boolean holds(long address, long byteSize, int value) {
        for (long at = address; at < address + byteSize; at++) {
            if (OffHeap.getByte(at) != (byte) value) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        memory.release(address, byteSize);
    }
}
