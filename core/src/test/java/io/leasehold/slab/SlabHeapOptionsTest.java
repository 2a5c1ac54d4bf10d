package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlabHeapOptionsTest {

    @Test
    void defaultsAre256KiBAThread() {
        assertThat(SlabHeapOptions.defaults())
                .isEqualTo(new SlabHeapOptions("blocks", 256 << 10, 16 << 20, null, false, SlabHeap.class));
        assertThat(SlabHeapOptions.defaults().withName("x").withThreadCacheByteSize(0))
                .isEqualTo(new SlabHeapOptions("x", 0, 16 << 20, null, false, SlabHeap.class));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, (64 << 20) + 1, Integer.MAX_VALUE})
    void rejectsCachesOutOfBounds(int byteSize) {
        SlabHeapOptions options = SlabHeapOptions.defaults();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.withThreadCacheByteSize(byteSize))
                .withMessage("threadCacheByteSize is out of bounds: threadCacheByteSize=" + byteSize
                        + ", min=0, max=67108864");
    }

    @Test
    void rejectsNegativeIdleByteSize() {
        SlabHeapOptions options = SlabHeapOptions.defaults();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.withIdleByteSize(-1))
                .withMessage("idleByteSize is too low: idleByteSize=-1, min=0");
    }

    @Test
    void rejectsPagesThatAreTooLarge() {
        Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
        SlabSetup setup = SlabSetup.pages(2 << 20);
        MemoryBudget budget = MemoryBudget.of("test", 1 << 30);
        try (PageArena arena = PageArenas.open(setup.arena(16 << 20, budget), reservations)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SlabHeap.open(arena, setup.heap(), SlabBlock::new))
                    .withMessage("pages are too large for slabs: arena="
                            + arena.options().name() + ", pageByteSize=2097152, max=65536");
        }
        reservations.releaseRetained();
    }
}
