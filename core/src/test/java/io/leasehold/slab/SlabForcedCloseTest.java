package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A forced close whose system call fails: the heap is closed for all its users, and its memory comes back when the
/// close is repeated.
class SlabForcedCloseTest {

    private static final int SMALL = 300;
    private static final int LARGE = 100_000;

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());

    private SlabFixture lockedFixture() {
        TestMemory.require(memory, Capability.LOCK);
        return new SlabFixture(SlabSetup.pages(4096).withLockedPages(), 2 * SlabFixture.MIB, memory);
    }

    @Test
    void noBlockIsAllocatedAfterwards() {
        try (SlabFixture fixture = lockedFixture()) {
            SlabHeap<SlabBlock> heap = fixture.heap();
            List<SlabBlock> kept = List.of(fixture.allocate(SMALL), fixture.allocate(SMALL));
            fixture.allocate(LARGE).release();
            memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
            assertThatThrownBy(heap::closeForcibly).isInstanceOf(SystemCallException.class);

            kept.getFirst().release();
            assertThatIllegalStateException().isThrownBy(() -> heap.tryAllocate(SMALL));
            assertThatIllegalStateException().isThrownBy(() -> heap.tryAllocate(2 * LARGE)); // has no pool yet
            assertThat(heap.closeForcibly()).as("in use").isEqualTo(1);
            assertThat(fixture.livePages()).isPositive();
            kept.getLast().release();
            assertThat(fixture.livePages()).isZero();
        }
    }

    /// The last block of a slab is released late, but the kernel does not unlock the slab.
    @Test
    void closeIsRepeatedForSlabThatCameBackLate() {
        try (SlabFixture fixture = lockedFixture()) {
            SlabBlock block = fixture.allocate(SMALL);
            assertThat(fixture.heap().closeForcibly()).isEqualTo(1);
            memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
            block.release();
            assertThat(fixture.livePages()).isPositive();
            assertThat(fixture.heap().closeForcibly()).isZero();
            assertThat(fixture.livePages()).isZero();
        }
    }

    /// The magazines cannot be visited, so their blocks are not freed. The next release finds them, or the next close.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blocksInCachesComeBackThoughTheBarrierFailed(boolean isReleasedLast) {
        TestMemory.require(memory, Capability.BARRIER);
        try (SlabFixture fixture = new SlabFixture(SlabSetup.pages(4096), 2 * SlabFixture.MIB, memory)) {
            SlabHeap<SlabBlock> heap = fixture.heap();
            List<SlabBlock> blocks = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                blocks.add(fixture.allocate(SMALL));
            }
            SlabBlock kept = blocks.removeFirst();
            blocks.forEach(SlabBlock::release);
            memory.failFrom(Call.BARRIER, 1, Errno.ENOMEM);
            assertThat(heap.closeForcibly()).as("in use").isEqualTo(1);
            assertThat(memory.injected()).isPositive();
            if (isReleasedLast) {
                memory.disarm();
                kept.release();
            } else {
                kept.release();
                assertThat(fixture.livePages()).isPositive();
                memory.disarm();
                assertThat(heap.closeForcibly()).isZero();
            }
            assertThat(fixture.livePages()).isZero();
        }
    }
}
