package io.leasehold.memory;

import static io.leasehold.memory.ScratchMemory.holds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationsTest {

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final MappingBudget mappings = new MappingBudget(10);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final long page = memory.pageSize();

    @AfterEach
    void releaseRetained() {
        memory.disarm();
        reservations.releaseRetained();
    }

    @Test
    void regionIsAlignedAndChargedToTheMappings() {
        long byteAlignment = 16 * page;
        try (Region region = reservations.reserve("pages", 3 * page, byteAlignment)) {
            assertThat(region.byteSize()).isEqualTo(3 * page);
            assertThat(region.committedByteSize()).isZero();
            assertThat(Alignment.isAligned(region.address(), byteAlignment)).isTrue();
            assertThat(mappings.used()).isEqualTo(Reservations.MAPPINGS_PER_REGION);
        }
    }

    @Test
    void regionsOfOneTimeDoNotOverlap() {
        try (Region first = reservations.reserve("first", 4 * page, page);
                Region second = reservations.reserve("second", 4 * page, page)) {
            assertThat(Math.abs(first.address() - second.address())).isGreaterThanOrEqualTo(4 * page);
        }
    }

    @Test
    void refusedReservationLeavesTheMappingAccountUnchanged() {
        memory.failOnce(Call.RESERVE, 1, Errno.ENOMEM);
        assertThatThrownBy(() -> reservations.reserve("pages", page, page))
                .isInstanceOfSatisfying(
                        SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
        assertThat(mappings.used()).isZero();
    }

    @Test
    void wrongSizeOrAlignmentIsRejectedAndLeavesTheMappingAccountUnchanged() {
        assertThatThrownBy(() -> reservations.reserve("pages", page + 1, page))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reservations.reserve("pages", 0, page)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reservations.reserve("pages", page, page + 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("byteAlignment is not a power of two: byteAlignment=" + (page + 1) + ", min=");
        assertThatThrownBy(() -> reservations.reserve("pages", page, page / 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(mappings.used()).isZero();
    }

    /// The kernel, which would refuse such a size, is not asked where retained space serves.
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 4095, -4096, 4097, Long.MIN_VALUE})
    void wrongSizeIsRejectedAlsoWhereRetainedSpaceIsLargeEnough(long byteSize) {
        TestMemory.require(memory, Capability.DECOMMIT);
        long address = retained(4 * page, page);
        assertThatThrownBy(() -> reservations.reserve("pages", byteSize, page))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteSize is not a positive multiple of the OS page: region=pages, byteSize=" + byteSize
                        + ", page=" + page);
        assertThat(reservations.retainedCount()).isEqualTo(1);
        assertThat(mappings.used()).isEqualTo(Reservations.MAPPINGS_PER_REGION);
        try (Region next = reservations.reserve("next", 4 * page, page)) {
            assertThat(next.address()).isEqualTo(address);
        }
    }

    @Test
    void alignmentBelowThePageIsRejectedAlsoWhereRetainedSpaceFits() {
        TestMemory.require(memory, Capability.DECOMMIT);
        retained(4 * page, page);
        assertThatThrownBy(() -> reservations.reserve("pages", page, page / 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteAlignment is less than the OS page: region=pages, byteAlignment=" + page / 2
                        + ", page=" + page);
        assertThat(reservations.retainedCount()).isEqualTo(1);
    }

    @Test
    void nothingIsReservedIfTheMappingAccountIsUsedUp() {
        mappings.charge("windows", 9);
        assertThatThrownBy(() -> reservations.reserve("pages", page, page))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("purpose=pages, wanted=2, used=9, max=10");
        assertThat(memory.count(Call.RESERVE)).isZero();
        assertThat(mappings.used()).isEqualTo(9);
    }

    @Test
    void closedRegionIsRetainedAndUsedAgain() {
        TestMemory.require(memory, Capability.DECOMMIT);
        long address = retained(4 * page, page);
        assertThat(reservations.retainedCount()).isEqualTo(1);
        assertThat(mappings.used()).isEqualTo(Reservations.MAPPINGS_PER_REGION);
        try (Region next = reservations.reserve("next", 4 * page, page)) {
            assertThat(next.address()).isEqualTo(address);
            assertThat(reservations.retainedCount()).isZero();
            assertThat(mappings.used()).isEqualTo(Reservations.MAPPINGS_PER_REGION);
        }
        assertThat(memory.count(Call.RESERVE)).isEqualTo(1);
        assertThat(memory.count(Call.RELEASE)).isZero();
    }

    @Test
    void smallestRetainedSpaceThatFitsIsTaken() {
        TestMemory.require(memory, Capability.DECOMMIT);
        Region large = reservations.reserve("large", 16 * page, page);
        Region small = reservations.reserve("small", 4 * page, page);
        Region tiny = reservations.reserve("tiny", page, page);
        large.close();
        small.close();
        tiny.close();
        try (Region next = reservations.reserve("next", 3 * page, page)) {
            assertThat(next.address()).isEqualTo(small.address());
            assertThat(next.byteSize()).isEqualTo(3 * page);
        }
    }

    @Test
    void processThatHadManyOwnersGetsItsAddressesBack() {
        TestMemory.require(memory, Capability.DECOMMIT);
        MappingBudget many = new MappingBudget(10_000);
        Reservations crowded = new Reservations(memory, many);
        List<Region> regions = new ArrayList<>();
        for (int i = 0; i < 2 * Reservations.MAX_RETAINED; i++) {
            regions.add(crowded.reserve("pages", page, page));
        }
        memory.failOnce(Call.RELEASE, 1, Errno.ENOMEM);
        regions.forEach(Region::close);
        assertThat(crowded.retainedCount()).isEqualTo(Reservations.MAX_RETAINED + 1); // and one that the kernel kept
        assertThat(many.used()).isEqualTo((Reservations.MAX_RETAINED + 1) * 2L);
        crowded.releaseRetained();
        assertThat(many.used()).isZero();
    }

    @Test
    void retainedSpaceThatIsTooSmallIsLeftAlone() {
        TestMemory.require(memory, Capability.DECOMMIT);
        long address = retained(4 * page, page);
        try (Region next = reservations.reserve("next", 5 * page, page)) {
            assertThat(next.address()).isNotEqualTo(address);
            assertThat(reservations.retainedCount()).isEqualTo(1);
        }
    }

    @Test
    void retainedSpaceThatWasLessAlignedIsLeftAlone() {
        TestMemory.require(memory, Capability.DECOMMIT);
        retained(4 * page, page);
        try (Region next = reservations.reserve("next", 4 * page, 1024 * page)) {
            assertThat(Alignment.isAligned(next.address(), 1024 * page)).isTrue();
            assertThat(reservations.retainedCount()).isEqualTo(1);
        }
    }

    @Test
    void usedAgainSpaceReadsAsZero() {
        long address = retained(4 * page, page);
        try (Region next = reservations.reserve("next", 4 * page, page)) {
            next.commit(4 * page);
            assertThat(next.address()).isEqualTo(address);
            assertThat(holds(next.address(), 4 * page, 0)).isTrue();
        }
    }

    @Test
    void usedAgainSpaceReadsAsZeroAlsoWhereASmallerRegionCameBetween() {
        long address = retained(8 * page, page);
        try (Region small = reservations.reserve("small", 2 * page, page)) {
            assertThat(small.address()).isEqualTo(address);
            small.commit(2 * page);
            OffHeap.fill(address, 2 * page, (byte) 2);
        }
        try (Region again = reservations.reserve("again", 8 * page, page)) {
            again.commit(8 * page);
            assertThat(again.address()).isEqualTo(address);
            assertThat(holds(address, 8 * page, 0)).isTrue();
        }
    }

    @Test
    void smallerUserOfRetainedSpaceDoesNotForgetHowMuchWasCommitted() {
        TestMemory.require(memory, Capability.DECOMMIT);
        retained(8 * page, page);
        reservations.reserve("small", 2 * page, page).close();
        try (Region again = reservations.reserve("again", 8 * page, page)) {
            assertThat(again.committedByteSize()).isEqualTo(8 * page);
            long commits = memory.count(Call.COMMIT);
            again.commit(8 * page);
            assertThat(memory.count(Call.COMMIT)).isEqualTo(commits);
            OffHeap.putByte(again.address() + 8 * page - 1, (byte) 1);
        }
    }

    @Test
    void retainedSpaceReadsAsZeroForWhoStillPointsIntoIt() {
        TestMemory.require(memory, Capability.DECOMMIT);
        long address = retained(4 * page, page);
        assertThat(holds(address, 4 * page, 0)).isTrue();
    }

    @Test
    void releaseOfRetainedSpaceGivesAllMappingsBack() {
        retained(4 * page, page);
        retained(8 * page, page);
        reservations.releaseRetained();
        assertThat(reservations.retainedCount()).isZero();
        assertThat(mappings.used()).isZero();
    }

    @Test
    void whereNothingGoesBackSpaceIsReleasedInsteadOfRetainedAndZeroForTheNext() {
        try (ScratchMemory scratch = ScratchMemory.of(16 * page)) {
            VirtualMemory portable = TestMemory.portable(scratch);
            Reservations few = new Reservations(portable, mappings);
            Region first = few.reserve("first", 12 * page, page);
            first.commit(12 * page);
            OffHeap.fill(first.address(), 12 * page, (byte) 1);
            first.close();
            assertThat(few.retainedCount()).isZero();
            assertThat(mappings.used()).isZero();
            // the budget does not allow a second one, so it must be the same space
            Region second = few.reserve("second", 12 * page, page);
            second.commit(12 * page);
            assertThat(second.address()).isEqualTo(first.address());
            assertThat(holds(second.address(), 12 * page, 0)).isTrue();
            second.close();
        }
    }

    @Test
    void systemReservationsAreOneAndChargeTheSystemAccount() {
        assertThat(Reservations.system()).isSameAs(Reservations.system());
        assertThat(Reservations.system().memory()).isSameAs(VirtualMemory.system());
        assertThat(Reservations.system().mappings()).isSameAs(MappingBudget.system());
    }

    /// {@return the address of a region that was written all over and closed}
    private long retained(long byteSize, long byteAlignment) {
        try (Region region = reservations.reserve("written", byteSize, byteAlignment)) {
            region.commit(byteSize);
            OffHeap.fill(region.address(), byteSize, (byte) 1);
            return region.address();
        }
    }
}
