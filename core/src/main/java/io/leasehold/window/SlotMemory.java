package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Protection;
import org.jspecify.annotations.Nullable;

/// The address space of a pool, in slots of one size, and the calls of the kernel that map files there.
///
/// **Ownership.** Owns its region, and charges a mapping for each slot until it is closed.
///
/// **Threads.** Thread-safe for calls on different slots. A slot that is being mapped is BUSY and used by the calling
/// thread only, which does not hold the lock of the pool.
final class SlotMemory {

    private static final long HUGE_PAGE_BYTES = 2L << 20;

    private final Reservations reservations; // (C)
    private final Region region; // (C)
    private final long address; // (C) of the region
    private final int placeholder; // (C) descriptor of the empty file
    private final int power; // (C) log2 of the size of a slot
    private final int count; // (C)
    private boolean isClosed; // (O) the thread that closes the cache

    private SlotMemory(Reservations reservations, Region region, int placeholder, int count, long slotByteSize) {
        this.reservations = reservations;
        this.region = region;
        this.address = region.address();
        this.placeholder = placeholder;
        this.power = Long.numberOfTrailingZeros(slotByteSize);
        this.count = count;
    }

    /// Reserves the address space of a pool, maps the placeholder over all of it, and charges its mappings; or changes
    /// nothing.
    ///
    /// @throws IllegalStateException if the [io.leasehold.memory.MappingBudget] has too few mappings left
    /// @throws SystemCallException if a system call fails
    static SlotMemory open(Reservations reservations, String name, int placeholder, int count, long slotByteSize) {
        reservations.mappings().charge(name, count);
        Region region = null;
        try {
            long alignment = Math.max(
                    Math.min(slotByteSize, HUGE_PAGE_BYTES),
                    reservations.memory().pageSize());
            region = reservations.reserve(name, count * slotByteSize, alignment);
            region.mapMemoryFile(placeholder);
            return new SlotMemory(reservations, region, placeholder, count, slotByteSize);
        } catch (RuntimeException | Error e) {
            reservations.mappings().credit(count);
            if (region != null) {
                closeAfter(e, region);
            }
            throw e;
        }
    }

    int power() {
        return power;
    }

    /// {@return number of slots}
    int count() {
        return count;
    }

    long address(int slot) {
        return address + ((long) slot << power);
    }

    /// {@return the seam for system calls}
    VirtualMemory virtualMemory() {
        return region.memory();
    }

    /// Maps a part of a file.
    ///
    /// @throws SystemCallException if the system call fails
    void map(int slot, MappedFile file, long part, AccessAdvice advice) {
        Protection protection = file.isWritable() ? Protection.READ_WRITE : Protection.READ;
        region.mapFile((long) slot << power, 1L << power, file.descriptor(), part << power, protection);
        if (advice == AccessAdvice.RANDOM) {
            adviseRandom(slot);
        }
    }

    private void adviseRandom(int slot) {
        try {
            region.memory().advise(address(slot), 1L << power, Advice.RANDOM);
        } catch (SystemCallException e) {
            // the advice is only for speed: reads of the slot work without it
        }
    }

    /// Maps the placeholder over slots.
    ///
    /// @return the last failure, or null
    @Nullable SystemCallException mapPlaceholder(int[] slots, int slotCount, WindowCounts counts) {
        SystemCallException failure = null;
        for (int i = 0; i < slotCount; i++) {
            try {
                region.mapFile((long) slots[i] << power, 1L << power, placeholder, 0, Protection.READ_WRITE);
                counts.count(WindowCounts.PLACEHOLDER);
            } catch (SystemCallException e) {
                failure = e;
            }
        }
        return failure;
    }

    /// Drops the address translations of many slots in one call, which makes it cheap to map over them.
    void dropTranslations(int[] slots, int slotCount) {
        long[] addresses = new long[slotCount];
        long[] byteSizes = new long[slotCount];
        for (int i = 0; i < slotCount; i++) {
            addresses[i] = address(slots[i]);
            byteSizes[i] = 1L << power;
        }
        try {
            region.memory().decommit(Backing.FILE, addresses, byteSizes, slotCount);
        } catch (SystemCallException e) {
            // then the translations of each slot are dropped when it is mapped over
        }
    }

    /// Releases the address space. No slot is pinned.
    void close() {
        if (!isClosed) {
            region.close();
            isClosed = true;
            reservations.mappings().credit(count);
        }
    }

    /// Unmaps all files, and never returns the address space to another owner: there may be pointers into it.
    void abandon() {
        if (!isClosed) {
            region.abandon();
            isClosed = true;
            reservations.mappings().credit(count);
        }
    }

    @Override
    public String toString() {
        return format("SlotMemory(slots=%d, slotByteSize=%d, address=0x%x)", count, 1L << power, address);
    }

    private static void closeAfter(Throwable cause, Region region) {
        try {
            region.close();
        } catch (SystemCallException e) {
            cause.addSuppressed(e);
        }
    }
}
