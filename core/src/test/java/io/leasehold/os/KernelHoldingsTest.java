package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The records follow what is mapped, also where a range is released in parts or moves.
class KernelHoldingsTest {

    private final VirtualMemory memory = VirtualMemory.system();
    private final long page = memory.pageSize();

    @BeforeEach
    void needsNativeAccess() {
        TestMemory.require(memory instanceof LinuxVirtualMemory, "no range is recorded here");
    }

    @Test
    void rangeIsReleasedInParts() {
        long address = memory.reserve(4 * page, page);
        assertThat(KernelHoldings.recordedBytes(address, 4 * page)).isEqualTo(4 * page);
        memory.release(address + page, page);
        assertThat(KernelHoldings.recordedBytes(address, 4 * page)).isEqualTo(3 * page);
        assertThat(KernelHoldings.recordedBytes(address + page, page)).isZero();
        memory.release(address, page);
        assertThat(KernelHoldings.recordedBytes(address, 4 * page)).isEqualTo(2 * page);
        memory.release(address + 2 * page, 2 * page);
        assertThat(KernelHoldings.recordedBytes(address, 4 * page)).isZero();
    }

    @Test
    void rangeMoves() {
        long address = memory.reserve(page, page);
        memory.commit(address, page);
        long moved = memory.remap(address, page, 64 * page);
        assertThat(KernelHoldings.recordedBytes(moved, 64 * page)).isEqualTo(64 * page);
        memory.release(moved, 64 * page);
        assertThat(KernelHoldings.recordedBytes(moved, 64 * page)).isZero();
    }
}
