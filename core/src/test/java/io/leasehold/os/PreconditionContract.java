package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.os.VirtualMemory.Protection;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Preconditions that every [VirtualMemory] checks before it does anything.
interface PreconditionContract extends VirtualMemoryFixture {

    /// A call on an address range.
    @FunctionalInterface
    interface RangeCall {
        void on(long address, long byteSize);
    }

    /// {@return every call on a range that this memory supports}
    default List<RangeCall> rangeCalls() {
        VirtualMemory memory = memory();
        List<RangeCall> calls = new ArrayList<>(List.of(
                memory::commit, memory::release, (address, size) -> memory.advise(address, size, Advice.NORMAL)));
        if (memory.can(Capability.DECOMMIT)) {
            calls.add((address, size) -> memory.decommit(Backing.ANONYMOUS, address, size));
            calls.add(
                    (address, size) -> memory.decommit(Backing.ANONYMOUS, new long[] {address}, new long[] {size}, 1));
        }
        if (memory.can(Capability.PROTECT)) {
            calls.add((address, size) -> memory.protect(address, size, Protection.READ));
        }
        if (memory.can(Capability.LOCK)) {
            calls.add(memory::lock);
            calls.add(memory::unlock);
        }
        if (memory.can(Capability.MAP)) {
            calls.add((address, size) -> memory.map(address, size, 0, 0, Protection.READ));
            calls.add(memory::unmap);
        }
        if (memory.can(Capability.REMAP)) {
            calls.add((address, size) -> memory.remap(address, size, memory.pageSize()));
            calls.add((address, size) -> memory.remap(address, memory.pageSize(), size));
        }
        if (memory.can(Capability.RESIDENCY)) {
            calls.add(memory::residentBytes);
        }
        return calls;
    }

    @Test
    default void rejectsAnAddressThatIsNoPositiveMultipleOfThePageSize() {
        withCommitted(1, address -> {
            for (RangeCall call : rangeCalls()) {
                for (long bad : new long[] {0, address + 1, address + pages(1) / 2, -pages(1), Long.MIN_VALUE}) {
                    rejects(() -> call.on(bad, pages(1)), "address=0x" + Long.toHexString(bad), "pageSize=");
                }
            }
        });
    }

    @Test
    default void rejectsSizesThatAreNoPositiveMultipleOfThePageSize() {
        withCommitted(1, address -> {
            for (RangeCall call : rangeCalls()) {
                for (long bad : new long[] {0, 1, pages(1) - 1, pages(1) + 1, -pages(1), Long.MIN_VALUE}) {
                    rejects(() -> call.on(address, bad), "byteSize=" + bad, "pageSize=");
                }
            }
        });
    }

    @Test
    default void rejectsRangesThatOverflow() {
        long largest = Long.MAX_VALUE & -pages(1);
        for (RangeCall call : rangeCalls()) {
            rejects(() -> call.on(largest, pages(1)), "address=0x" + Long.toHexString(largest), "byteSize=");
            rejects(() -> call.on(pages(2), largest), "byteSize=" + largest);
        }
    }

    @Test
    default void rejectsReservationsOfBadSize() {
        for (long bad : new long[] {0, 1, pages(1) + 1, -pages(1)}) {
            rejects(() -> memory().reserve(bad, pages(1)), "byteSize=" + bad);
        }
    }

    @Test
    default void rejectsAlignmentsThatAreNoPowerOfTwoOrTooSmall() {
        for (long bad : new long[] {0, 1, pages(1) / 2, pages(3), -pages(1)}) {
            rejects(() -> memory().reserve(pages(1), bad), "byteAlignment=" + bad);
        }
    }

    @Test
    default void rejectsCountsOutsideTheArrays() {
        assumeCan(Capability.DECOMMIT);
        long[] two = new long[2];
        long[] three = new long[3];
        rejects(() -> memory().decommit(Backing.ANONYMOUS, two, three, 3), "count=3", "addresses=2", "byteSizes=3");
        rejects(() -> memory().decommit(Backing.ANONYMOUS, three, two, 3), "count=3", "addresses=3", "byteSizes=2");
        rejects(() -> memory().decommit(Backing.ANONYMOUS, two, two, -1), "count=-1");
    }

    @Test
    default void decommitsNothingIfOneOfManyRangesIsBad() {
        assumeCan(Capability.DECOMMIT);
        withCommitted(2, address -> {
            fill(address, pages(2), 7);
            long[] addresses = {address, address + 1};
            long[] byteSizes = {pages(1), pages(1)};
            rejects(() -> memory().decommit(Backing.ANONYMOUS, addresses, byteSizes, 2), "address=0x");
            assertThat(holds(address, pages(2), 7)).isTrue();
        });
    }

    @Test
    default void rejectsMemoryFilesOfBadNameOrSize() {
        assumeCan(Capability.MAP);
        for (String bad : new String[] {"x".repeat(201), "nul\0", "\u00e9", "\n"}) {
            rejects(() -> memory().createMemory(bad, pages(1)), "name=" + bad);
        }
        for (long bad : new long[] {1, pages(1) + 1, -pages(1)}) {
            rejects(() -> memory().createMemory("bad", bad), "byteSize=" + bad);
        }
    }

    @Test
    default void rejectsFileOffsetsThatAreNoMultipleOfThePageSize() {
        assumeCan(Capability.MAP);
        withReserved(1, address -> {
            for (long bad : new long[] {1, -pages(1), Long.MAX_VALUE & -pages(1)}) {
                rejects(() -> memory().map(address, pages(1), 0, bad, Protection.READ), "byteOffset=" + bad);
            }
        });
    }

    private static void rejects(ThrowingCallable call, String... named) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(named);
    }
}
