package io.leasehold.os;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.os.VirtualMemory.Capability;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongConsumer;

/// An implementation of [VirtualMemory] for its contracts, and access to its bytes.
interface VirtualMemoryFixture {

    VirtualMemory memory();

    /// {@return the segment that contains the addresses of [#memory()]}
    MemorySegment space();

    default long pages(int count) {
        return count * memory().pageSize();
    }

    default byte read(long address) {
        return space().get(ValueLayout.JAVA_BYTE, address - space().address());
    }

    default void write(long address, int value) {
        space().set(ValueLayout.JAVA_BYTE, address - space().address(), (byte) value);
    }

    /// {@return true if every byte of a range has this value}
    default boolean holds(long address, long byteSize, int value) {
        MemorySegment range = space().asSlice(address - space().address(), byteSize);
        return range.elements(ValueLayout.JAVA_BYTE)
                .allMatch(element -> element.get(ValueLayout.JAVA_BYTE, 0) == (byte) value);
    }

    default void fill(long address, long byteSize, int value) {
        space().asSlice(address - space().address(), byteSize).fill((byte) value);
    }

    /// Runs `body` on a reserved range, and releases the range.
    default void withReserved(int pageCount, LongConsumer body) {
        long address = memory().reserve(pages(pageCount), memory().pageSize());
        try {
            body.accept(address);
        } finally {
            memory().release(address, pages(pageCount));
        }
    }

    /// Runs `body` on a committed range, and releases the range.
    default void withCommitted(int pageCount, LongConsumer body) {
        withReserved(pageCount, address -> {
            memory().commit(address, pages(pageCount));
            body.accept(address);
        });
    }

    default void assumeCan(Capability capability) {
        assumeTrue(memory().can(capability), () -> memory() + " lacks capability " + capability);
    }
}
