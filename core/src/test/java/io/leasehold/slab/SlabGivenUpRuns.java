package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArenas;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A heap whose slabs cannot be added because the JVM fails, and whose runs the kernel then does not unlock.
///
/// **Threads.** Confined to one thread.
final class SlabGivenUpRuns implements Consumer<JavaFaults.Mode> {

    private static final int BYTES = 100_000; // each block is alone in its slab
    private static final int SLABS = 10; // more than the first arrays have room for

    /// What frees the run in the end.
    private enum Ending {
        NEXT_CARVE,
        TRIM,
        DECAY,
        CLOSE
    }

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());

    @Override
    public void accept(JavaFaults.Mode mode) {
        SlabFixture first = open(); // what a process has done before
        first.allocate(BYTES).release();
        first.close();
        long runs = 0;
        for (Ending ending : Ending.values()) {
            runs += run(mode, ending);
        }
        System.out.printf("slab, runs that were not unlocked: %s, seen=%d%n", mode, runs);
    }

    private SlabFixture open() {
        return new SlabFixture(SlabSetup.pages(4096).withLockedPages(), 16 * SlabFixture.MIB, memory);
    }

    /// {@return the number of times that a run was seen that is in no slab}
    private long run(JavaFaults.Mode mode, Ending ending) {
        SlabFixture fixture = open();
        SlabHeap<SlabBlock> heap = fixture.heap();
        fixture.allocate(1).release(); // so that the thread has a cache, whose making meets faults without an error
        List<SlabBlock> blocks = new ArrayList<>();
        int[] seen = new int[1];
        FaultedSteps steps = new FaultedSteps(mode, () -> {
            memory.disarm();
            heap.checkInvariants();
            PageArenas.checkInvariants(fixture.arena());
            assertThat(heap.stats().heldBytes())
                    .as("counts the same bytes as the arena: %s", heap.stats())
                    .isEqualTo((long) fixture.livePages() * fixture.pageBytes());
            seen[0] += hasGivenUp(heap) ? 1 : 0;
        });
        for (int i = 0; i < SLABS && !hasGivenUp(heap); i++) {
            int size = i + 1;
            steps.run("allocate", () -> {
                memory.failFrom(Call.UNLOCK, 1, Errno.ENOMEM);
                while (blocks.size() < size) {
                    blocks.add(fixture.allocate(BYTES));
                }
            });
            memory.disarm();
        }
        end(fixture, blocks, ending);
        return seen[0];
    }

    private void end(SlabFixture fixture, List<SlabBlock> blocks, Ending ending) {
        SlabHeap<SlabBlock> heap = fixture.heap();
        assertThat(hasGivenUp(heap)).as("before %s: %s", ending, heap.stats()).isTrue();
        switch (ending) {
            case NEXT_CARVE -> blocks.add(fixture.allocate(BYTES));
            case TRIM -> assertThat(heap.trim()).isGreaterThanOrEqualTo(BYTES);
            case DECAY -> {
                memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
                for (int i = 0; i < 4; i++) {
                    fixture.tick();
                }
            }
            case CLOSE -> {
                blocks.forEach(SlabBlock::release);
                blocks.clear();
                memory.failFrom(Call.UNLOCK, 1, Errno.ENOMEM);
                assertThatThrownBy(heap::close).isInstanceOf(SystemCallException.class);
                memory.disarm();
                heap.close();
            }
        }
        assertThat(hasGivenUp(heap)).as("after %s: %s", ending, heap.stats()).isFalse();
        blocks.forEach(SlabBlock::release);
        fixture.close();
    }

    private static boolean hasGivenUp(SlabHeap<SlabBlock> heap) {
        SlabHeapStats stats = heap.stats();
        return stats.heldBytes()
                > stats.classes().stream()
                        .mapToLong(SlabHeapStats.SizeClass::heldBytes)
                        .sum();
    }
}
