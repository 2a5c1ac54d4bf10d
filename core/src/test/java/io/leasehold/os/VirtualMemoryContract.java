package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.os.VirtualMemory.Protection;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Anonymous ranges of every [VirtualMemory], from their reservation to their release.
interface VirtualMemoryContract extends VirtualMemoryFixture {

    /// An address that is valid in no process of a known system.
    long NOWHERE = 1L << 56;

    @Test
    default void sizesArePowersOfTwo() {
        assertThat(Long.bitCount(memory().pageSize())).isEqualTo(1);
        assertThat(Long.bitCount(memory().hugePageSize())).isLessThanOrEqualTo(1);
        assertThat(memory().hugePageSize() % memory().pageSize()).isZero();
    }

    @Test
    default void limitsArePositive() {
        assertThat(memory().memoryLimit()).isPositive();
        assertThat(memory().mappingLimit()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 64, 512})
    default void reservationIsAligned(int alignmentPages) {
        long byteAlignment = pages(alignmentPages);
        for (int pageCount = 1; pageCount <= 5; pageCount++) {
            long address = memory().reserve(pages(pageCount), byteAlignment);
            assertThat(address % byteAlignment).isZero();
            memory().commit(address, pages(pageCount));
            write(address, 1);
            write(address + pages(pageCount) - 1, 1);
            memory().release(address, pages(pageCount));
        }
    }

    @Test
    default void reservationsDoNotOverlap() {
        withCommitted(
                3,
                first -> withCommitted(3, second -> {
                    fill(first, pages(3), 1);
                    fill(second, pages(3), 2);
                    assertThat(holds(first, pages(3), 1)).isTrue();
                    assertThat(holds(second, pages(3), 2)).isTrue();
                }));
    }

    @Test
    default void committedMemoryReadsZeroAndKeepsWhatIsWritten() {
        withCommitted(4, address -> {
            assertThat(holds(address, pages(4), 0)).isTrue();
            fill(address, pages(4), 7);
            assertThat(holds(address, pages(4), 7)).isTrue();
        });
    }

    @Test
    default void committingTwiceKeepsTheContent() {
        withCommitted(2, address -> {
            fill(address, pages(2), 7);
            memory().commit(address, pages(2));
            assertThat(holds(address, pages(2), 7)).isTrue();
        });
    }

    @Test
    default void partsOfReservationAreCommittedOneByOne() {
        withReserved(4, address -> {
            memory().commit(address + pages(2), pages(1));
            write(address + pages(2), 1);
            memory().commit(address, pages(4));
            assertThat(read(address + pages(2))).isEqualTo((byte) 1);
            assertThat(holds(address + pages(3), pages(1), 0)).isTrue();
        });
    }

    @Test
    default void reservationAfterReleaseReadsZero() {
        for (int i = 0; i < 20; i++) {
            withCommitted(16, address -> {
                assertThat(holds(address, pages(16), 0)).isTrue();
                fill(address, pages(16), 7);
            });
        }
    }

    @Test
    default void reservationIsReleasedInParts() {
        long address = memory().reserve(pages(4), memory().pageSize());
        memory().commit(address, pages(4));
        memory().release(address + pages(1), pages(1));
        fill(address, pages(1), 7);
        fill(address + pages(2), pages(2), 7);
        memory().release(address + pages(2), pages(2));
        memory().release(address, pages(1));
    }

    @Test
    default void refusesAnAbsurdReservation() {
        SystemCallException e =
                catchThrowableOfType(SystemCallException.class, () -> memory().reserve(1L << 60, memory().pageSize()));
        assertThat(e.errno()).isEqualTo(Errno.ENOMEM);
        assertThat(e).hasMessageContaining("byteSize=" + (1L << 60)).hasMessageContaining("ENOMEM (12, out of memory)");
    }

    @Test
    default void refusesAnAbsurdReservationWhoseAlignmentOverflows() {
        long byteSize = Long.MAX_VALUE & -memory().pageSize();
        SystemCallException e =
                catchThrowableOfType(SystemCallException.class, () -> memory().reserve(byteSize, 1L << 62));
        assertThat(e.errno()).isEqualTo(Errno.ENOMEM);
    }

    @Test
    default void refusesToCommitAnUnreservedRange() {
        SystemCallException e =
                catchThrowableOfType(SystemCallException.class, () -> memory().commit(NOWHERE, pages(1)));
        assertThat(e.errno()).isEqualTo(Errno.ENOMEM);
        assertThat(e).hasMessageContaining("(address=0x100000000000000, byteSize=" + pages(1));
    }

    @Test
    default void rejectsCallsWithoutCapability() {
        withCommitted(1, address -> {
            long size = pages(1);
            Map<Capability, ThrowingCallable> calls = Map.of(
                    Capability.DECOMMIT, () -> memory().decommit(Backing.ANONYMOUS, address, size),
                    Capability.PROTECT, () -> memory().protect(address, size, Protection.READ),
                    Capability.LOCK, () -> memory().lock(address, size),
                    Capability.MAP, () -> memory().createMemory("none", size),
                    Capability.REMAP, () -> memory().remap(address, size, size),
                    Capability.RESIDENCY, () -> memory().residentBytes(address, size),
                    Capability.BARRIER, () -> memory().barrier());
            calls.forEach((capability, call) -> {
                if (!memory().can(capability)) {
                    assertThatThrownBy(call)
                            .isInstanceOf(UnsupportedOperationException.class)
                            .hasMessageContaining(capability.name());
                }
            });
            if (!memory().can(Capability.DECOMMIT)) {
                long[] one = {address};
                assertThatThrownBy(() -> memory().decommit(Backing.ANONYMOUS, one, one, 1))
                        .isInstanceOf(UnsupportedOperationException.class);
            }
            if (!memory().can(Capability.LOCK)) {
                assertThatThrownBy(() -> memory().unlock(address, size))
                        .isInstanceOf(UnsupportedOperationException.class);
            }
            if (!memory().can(Capability.MAP)) {
                assertThatThrownBy(() -> memory().closeMemory(0)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> memory().map(address, size, 0, 0, Protection.READ))
                        .isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> memory().unmap(address, size))
                        .isInstanceOf(UnsupportedOperationException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(Advice.class)
    default void acceptsEveryAdvice(Advice advice) {
        withCommitted(2, address -> {
            memory().advise(address, pages(2), advice);
            fill(address, pages(2), 7);
            assertThat(holds(address, pages(2), 7)).isTrue();
        });
    }

    @Test
    default void protectionIsTakenAndGiven() {
        assumeCan(Capability.PROTECT);
        withCommitted(2, address -> {
            fill(address, pages(2), 7);
            memory().protect(address, pages(2), Protection.NONE);
            memory().protect(address, pages(2), Protection.READ);
            assertThat(holds(address, pages(2), 7)).isTrue();
            memory().protect(address, pages(1), Protection.READ_WRITE);
            write(address, 8);
            assertThat(read(address)).isEqualTo((byte) 8);
        });
    }

    @Test
    default void lockedMemoryIsResident() {
        assumeCan(Capability.LOCK);
        assumeCan(Capability.RESIDENCY);
        withCommitted(4, address -> {
            memory().lock(address, pages(4));
            assertThat(memory().residentBytes(address, pages(4))).isEqualTo(pages(4));
            memory().unlock(address, pages(4));
        });
    }

    @Test
    default void residencyFollowsTouchAndDecommit() {
        assumeCan(Capability.RESIDENCY);
        withCommitted(64, address -> {
            memory().advise(address, pages(64), Advice.NO_HUGE_PAGE);
            assertThat(memory().residentBytes(address, pages(64))).isZero();
            fill(address, pages(3), 1);
            write(address + pages(63), 1);
            assertThat(memory().residentBytes(address, pages(64))).isEqualTo(pages(4));
            memory().decommit(Backing.ANONYMOUS, address, pages(2));
            assertThat(memory().residentBytes(address, pages(64))).isEqualTo(pages(2));
        });
    }

    @Test
    default void remappedRangeKeepsItsContent() {
        assumeCan(Capability.REMAP);
        long address = memory().reserve(pages(4), memory().pageSize());
        memory().commit(address, pages(4));
        fill(address, pages(4), 7);
        // A neighbouring range, so that the range often cannot grow in place.
        withCommitted(4, neighbour -> {
            long grown = memory().remap(address, pages(4), pages(9));
            assertThat(holds(grown, pages(4), 7)).isTrue();
            assertThat(holds(grown + pages(4), pages(5), 0)).isTrue();
            fill(grown, pages(9), 8);
            long shrunk = memory().remap(grown, pages(9), pages(2));
            assertThat(shrunk).isEqualTo(grown);
            assertThat(holds(shrunk, pages(2), 8)).isTrue();
            memory().release(shrunk, pages(2));
        });
    }

    @Test
    default void refusesToRemapAnUnreservedRange() {
        assumeCan(Capability.REMAP);
        SystemCallException e =
                catchThrowableOfType(SystemCallException.class, () -> memory().remap(NOWHERE, pages(1), pages(2)));
        assertThat(e.errno()).isIn(Errno.EFAULT, Errno.EINVAL);
        assertThat(e).hasMessageStartingWith("mremap(address=0x100000000000000").hasMessageContaining("newByteSize=");
    }

    @Test
    default void barrierReturns() {
        assumeCan(Capability.BARRIER);
        for (int i = 0; i < 10; i++) {
            memory().barrier();
        }
    }
}
