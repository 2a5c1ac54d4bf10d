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
import io.leasehold.os.VirtualMemory.Protection;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegionTest {

    private static final int PAGES = 8;

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final Reservations reservations = new Reservations(memory, new MappingBudget(100));
    private final long page = memory.pageSize();
    private Region region;

    @BeforeEach
    void reserve() {
        region = reservations.reserve("pages", PAGES * page, page);
    }

    @AfterEach
    void release() {
        memory.disarm();
        region.close();
        reservations.releaseRetained();
    }

    @Test
    void commitMakesAPrefixUsableAndZero() {
        region.commit(3 * page);
        assertThat(region.committedByteSize()).isEqualTo(3 * page);
        assertThat(holds(region.address(), 3 * page, 0)).isTrue();
        OffHeap.fill(region.address(), 3 * page, (byte) 1);
        assertThat(holds(region.address(), 3 * page, 1)).isTrue();
    }

    @Test
    void commitGrowsAndKeepsTheContent() {
        region.commit(page);
        OffHeap.fill(region.address(), page, (byte) 1);
        region.commit(PAGES * page);
        assertThat(region.committedByteSize()).isEqualTo(PAGES * page);
        assertThat(holds(region.address(), page, 1)).isTrue();
        assertThat(holds(region.address() + page, (PAGES - 1) * page, 0)).isTrue();
    }

    @Test
    void commitOfLessChangesNothing() {
        region.commit(3 * page);
        long commits = memory.count(Call.COMMIT);
        region.commit(page);
        region.commit(3 * page);
        region.commit(0);
        assertThat(region.committedByteSize()).isEqualTo(3 * page);
        assertThat(memory.count(Call.COMMIT)).isEqualTo(commits);
    }

    @Test
    void commitPastTheEndIsRejected() {
        assertThatThrownBy(() -> region.commit((PAGES + 1) * page))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage(
                        "commit is past the end: region=pages, wanted=" + (PAGES + 1) * page + ", max=" + PAGES * page);
        assertThat(region.committedByteSize()).isZero();
    }

    @Test
    void commitOfAPartOfAnOsPageIsRejected() {
        assertThatThrownBy(() -> region.commit(page + 1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(region.committedByteSize()).isZero();
    }

    @Test
    void refusedCommitChangesNothing() {
        region.commit(page);
        memory.failOnce(Call.COMMIT, 1, Errno.ENOMEM);
        assertThatThrownBy(() -> region.commit(2 * page)).isInstanceOf(SystemCallException.class);
        assertThat(region.committedByteSize()).isEqualTo(page);
        region.commit(2 * page);
        assertThat(region.committedByteSize()).isEqualTo(2 * page);
    }

    @Test
    void decommittedRangesReadAsZeroAndTheOthersKeepTheirContent() {
        TestMemory.require(memory, Capability.DECOMMIT);
        region.commit(PAGES * page);
        OffHeap.fill(region.address(), PAGES * page, (byte) 1);
        long[] addresses = {region.address() + page, region.address() + 4 * page, region.address() + 6 * page};
        region.decommit(addresses, new long[] {page, 2 * page, page}, 2);
        assertThat(holds(region.address(), page, 1)).isTrue();
        assertThat(holds(region.address() + page, page, 0)).isTrue();
        assertThat(holds(region.address() + 2 * page, 2 * page, 1)).isTrue();
        assertThat(holds(region.address() + 4 * page, 2 * page, 0)).isTrue();
        assertThat(holds(region.address() + 6 * page, 2 * page, 1)).isTrue();
        assertThat(region.committedByteSize()).isEqualTo(PAGES * page);
        OffHeap.putByte(region.address() + page, (byte) 2);
    }

    @Test
    void closedRegionRefusesToBeUsed() {
        region.close();
        assertThatThrownBy(() -> region.commit(page))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("region is closed: Region(pages, address=0x");
        assertThatThrownBy(() -> region.mapMemoryFile(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingTwiceHasNoEffect() {
        TestMemory.require(memory, Capability.DECOMMIT);
        region.commit(page);
        region.close();
        region.close();
        region.abandon();
        assertThat(reservations.retainedCount()).isEqualTo(1);
        assertThat(memory.count(Call.DECOMMIT)).isEqualTo(1);
    }

    @Test
    void refusedCloseLeavesTheRegionOpenToBeClosedAgain() {
        TestMemory.require(memory, Capability.DECOMMIT);
        region.commit(page);
        OffHeap.putByte(region.address(), (byte) 1);
        memory.failOnce(Call.DECOMMIT, 1, Errno.ENOMEM);
        assertThatThrownBy(region::close).isInstanceOf(SystemCallException.class);
        assertThat(reservations.retainedCount()).isZero();
        region.commit(2 * page);
        region.close();
        assertThat(reservations.retainedCount()).isEqualTo(1);
        assertThat(OffHeap.getByte(region.address())).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EPERM, Errno.EACCES, Errno.ENOSYS})
    void closeGivesMemoryBackWhereAFilterRefusesTheCall(int errno) {
        TestMemory.require(memory, Capability.DECOMMIT);
        TestMemory.require(memory, Capability.RESIDENCY);
        region.commit(PAGES * page);
        OffHeap.fill(region.address(), PAGES * page, (byte) 1);
        memory.failFrom(Call.DECOMMIT, 1, errno);
        region.close();
        assertThat(reservations.retainedCount()).isEqualTo(1);
        assertThat(memory.residentBytes(region.address(), PAGES * page)).isZero();
        assertThat(holds(region.address(), PAGES * page, 0)).isTrue();
    }

    @Test
    void nameFollowsTheOwner() {
        long address = region.address();
        String whole = ", byteSize=" + PAGES * page;
        assertThat(memory.names().get(address)).isEqualTo("pages" + whole);
        region.close();
        if (memory.can(Capability.DECOMMIT)) {
            assertThat(memory.names().get(address)).isEqualTo("retained" + whole);
            region = reservations.reserve("small", page, page);
            assertThat(region.address()).isEqualTo(address);
            // all of it: a name for a part would be one mapping more
            assertThat(memory.names().get(address)).isEqualTo("small" + whole);
        }
    }

    @Test
    void nameTellsWhatIsLeftOfARegion() {
        region.abandon();
        assertThat(memory.names().get(region.address())).isEqualTo("pages abandoned, byteSize=" + PAGES * page);
        Region next = region.succeeded("next");
        assertThat(memory.names().get(region.address())).isEqualTo("next, byteSize=" + PAGES * page);
        region = next;
    }

    @Test
    void untouchedRegionIsClosedWithoutAKernelCall() {
        TestMemory.require(memory, Capability.DECOMMIT);
        region.close();
        assertThat(memory.count(Call.DECOMMIT)).isZero();
        assertThat(reservations.retainedCount()).isEqualTo(1);
    }

    @Test
    void abandonedSpaceIsNotUsedAgain() {
        region.commit(PAGES * page);
        OffHeap.fill(region.address(), PAGES * page, (byte) 1);
        region.abandon();
        region.close();
        assertThat(reservations.retainedCount()).isZero();
        try (Region next = reservations.reserve("next", PAGES * page, page)) {
            assertThat(Math.abs(next.address() - region.address())).isGreaterThanOrEqualTo(PAGES * page);
        }
        assertThat(memory.count(Call.RELEASE)).isEqualTo(memory.can(Capability.DECOMMIT) ? 0 : 1);
    }

    @Test
    void abandonedSpaceReadsAsZeroAndCanStillBeWrittenByAStalePointer() {
        region.commit(PAGES * page);
        OffHeap.fill(region.address(), PAGES * page, (byte) 1);
        region.abandon();
        assertThat(holds(region.address(), PAGES * page, 0)).isTrue();
        OffHeap.putByte(region.address(), (byte) 3);
        assertThat(OffHeap.getByte(region.address())).isEqualTo((byte) 3);
        assertThatThrownBy(() -> region.commit(page)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void memoryFileIsSharedWithEveryOtherMappingOfIt() {
        withMemoryFile(descriptor -> {
            region.mapMemoryFile(descriptor);
            assertThat(region.committedByteSize()).isEqualTo(PAGES * page);
            long second = memory.reserve(PAGES * page, page);
            memory.map(second, PAGES * page, descriptor, 0, Protection.READ_WRITE);
            OffHeap.putLong(region.address() + 5 * page, 42);
            assertThat(OffHeap.getLong(second + 5 * page)).isEqualTo(42);
            region.decommit(new long[] {region.address() + 5 * page}, new long[] {page}, 1);
            assertThat(OffHeap.getLong(region.address() + 5 * page)).isZero();
            assertThat(OffHeap.getLong(second + 5 * page)).isZero();
            memory.release(second, PAGES * page);
        });
    }

    @Test
    void closedRegionLetsGoOfItsMemoryFileAndIsAnonymousAfterwards() {
        withMemoryFile(descriptor -> {
            region.mapMemoryFile(descriptor);
            OffHeap.fill(region.address(), PAGES * page, (byte) 1);
            region.close();
            assertThat(holds(region.address(), PAGES * page, 0)).isTrue();
            try (Region next = reservations.reserve("next", PAGES * page, page)) {
                assertThat(next.address()).isEqualTo(region.address());
                next.commit(PAGES * page);
                assertThat(holds(next.address(), PAGES * page, 0)).isTrue();
                OffHeap.fill(next.address(), PAGES * page, (byte) 2);
                long second = memory.reserve(PAGES * page, page);
                memory.map(second, PAGES * page, descriptor, 0, Protection.READ);
                assertThat(holds(second, PAGES * page, 1))
                        .as("the file keeps what it had")
                        .isTrue();
                memory.release(second, PAGES * page);
            }
        });
    }

    @Test
    void refusedMappingOfAMemoryFileChangesNothing() {
        withMemoryFile(descriptor -> {
            region.commit(page);
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            assertThatThrownBy(() -> region.mapMemoryFile(descriptor)).isInstanceOf(SystemCallException.class);
            assertThat(region.committedByteSize()).isEqualTo(page);
            OffHeap.putByte(region.address(), (byte) 1);
        });
    }

    @Test
    void saysWhatItIs() {
        region.commit(page);
        assertThat(region)
                .hasToString("Region(pages, address=0x" + Long.toHexString(region.address()) + ", byteSize="
                        + PAGES * page + ", committed=" + page + ")");
        region.close();
        assertThat(region.toString()).endsWith(", closed)");
    }

    private void withMemoryFile(IntConsumer body) {
        TestMemory.require(memory, Capability.MAP);
        int descriptor = memory.createMemory("region-test", PAGES * page);
        try {
            body.accept(descriptor);
        } finally {
            memory.closeMemory(descriptor);
        }
    }
}
