package io.leasehold.observe.counters;

import org.jspecify.annotations.Nullable;

/// The types of counters in a [CounterFile]. The numbers are in the file, so a number never changes its meaning.
public enum CounterType {
    /// 1 for an open allocator; the label is its name.
    ALLOCATOR(1000, "allocator"),
    /// Maximum number of bytes of direct buffers.
    LIMIT(1001, "limit bytes"),
    /// Bytes of address space.
    RESERVED(1002, "reserved bytes"),
    /// Bytes that may hold memory.
    COMMITTED(1003, "committed bytes"),
    /// Bytes allocated from the arena for direct buffers.
    DIRECT(1004, "direct bytes"),
    /// Bytes in arrays of heap buffers.
    ON_HEAP(1005, "heap bytes"),
    /// Bytes of the blocks of outstanding buffers.
    PINNED(1006, "pinned bytes"),
    /// Number of outstanding buffers.
    PINNED_BUFFERS(1007, "pinned buffers"),
    /// Bytes of free blocks in caches.
    CACHED(1008, "cached bytes"),
    /// Reservations that a budget rejected.
    REFUSALS(1009, "refusals"),
    /// Flushes of the page caches of all threads.
    RECLAIMS(1010, "reclaims"),
    /// Runs of pages that were given back to the kernel.
    DECOMMITS(1011, "decommits"),
    /// Kernel calls that failed.
    KERNEL_FAULTS(1012, "kernel faults"),
    /// Blocks in use of one size class.
    CLASS_LIVE(1020, "blocks"),
    /// Bytes held of one size class.
    CLASS_HELD(1021, "held bytes"),
    /// Bytes in use of one holder; the label is its tag.
    HOLDER(1030, "holder"),
    /// Estimated bytes in use that were allocated at one place; the label has its innermost frames.
    STACK(1031, "stack");

    private final int number; // (C)
    private final String label; // (C)

    CounterType(int number, String label) {
        this.number = number;
        this.label = label;
    }

    /// {@return the number in the file}
    public int number() {
        return number;
    }

    /// {@return the name of the type in words}
    public String label() {
        return label;
    }

    /// {@return the type with a number, or null if a later version of the library made it}
    ///
    /// @param number number in the file
    public static @Nullable CounterType of(int number) {
        for (CounterType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return null;
    }
}
