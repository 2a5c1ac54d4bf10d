package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FullHeap;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/// Releases many blocks after an allocation of a Java object has failed. Its copy of [FullHeap] is its own.
final class FullHeapProgram implements Consumer<JavaFaults.Mode> {

    private static final int BLOCKS = 3_000;
    private static final int BYTES = 256;

    @Override
    public void accept(JavaFaults.Mode mode) {
        Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(1_000));
        PageArenaOptions options = PageArenaOptions.builder()
                .name("full")
                .pageByteSize(Math.max(4096, VirtualMemory.system().pageSize()))
                .byteSize(32 << 20)
                .build();
        try (PageArena arena = PageArenas.open(options, reservations);
                SlabHeap<SlabBlock> heap =
                        SlabHeap.open(arena, SlabHeapOptions.defaults().withName("full"), SlabBlock::new)) {
            List<SlabBlock> blocks = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                blocks.add(Objects.requireNonNull(heap.tryAllocate(BYTES), "the heap is large"));
            }
            FullHeap.met(System.nanoTime() - Duration.ofHours(1).toNanos());
            JavaFaults.arm(mode, 1);
            try {
                blocks.forEach(SlabBlock::release);
            } finally {
                JavaFaults.disarm();
            }
            assertThat(heap.stats().liveBlocks()).isZero();
        }
        reservations.releaseRetained();
    }
}
