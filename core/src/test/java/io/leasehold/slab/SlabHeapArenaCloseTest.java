package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageStateException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Heaps and their arena are closed together, or stay open.
class SlabHeapArenaCloseTest {

    private final PageArena arena =
            PageArena.open(PageArenaOptions.builder().byteSize(16L << 20).build());
    private final SlabHeap<Long> heap =
            SlabHeap.open(arena, SlabHeapOptions.defaults(), (from, handle, array, address, size) -> handle);

    @Test
    void pageThatAnotherUserAllocatesMeanwhileKeepsTheHeapOpen() {
        heap.free(allocate());
        long[] page = new long[1];
        assertThatThrownBy(() -> SlabHeap.closeAll(List.of(heap), () -> page[0] = arena.allocate(), arena))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("live pages");
        assertThat(heap.isClosed()).isFalse();
        heap.free(allocate());
        heap.checkInvariants();
        arena.free(page[0]);

        SlabHeap.closeAll(List.of(heap), () -> {}, arena);
        assertThat(heap.isClosed()).isTrue();
        assertThatThrownBy(arena::allocate).isInstanceOf(PageStateException.class);
        arena.close();
    }

    private long allocate() {
        return Objects.requireNonNull(heap.tryAllocate(100));
    }
}
