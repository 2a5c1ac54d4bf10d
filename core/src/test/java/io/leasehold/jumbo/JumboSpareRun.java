package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.Errno;
import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A pool whose slabs cannot be added because the JVM fails, and whose runs the kernel then does not unlock.
///
/// **Threads.** Confined to one thread.
final class JumboSpareRun implements Consumer<JavaFaults.Mode> {

    private static final int PAGES_PER_SLAB = 4;
    private static final int SLABS = 8; // more than the first arrays have room for

    /// What gives the memory back in the end.
    private enum Ending {
        NEXT_SLABS,
        TRIM,
        DECAY,
        CLOSE
    }

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());

    @Override
    public void accept(JavaFaults.Mode mode) {
        JumboFixture first = open(); // what a process has done before
        first.release(first.allocate(1));
        first.close();
        long spares = 0;
        for (Ending ending : Ending.values()) {
            spares += run(mode, ending);
        }
        assertThat(spares).as("runs that were not unlocked").isPositive();
    }

    private JumboFixture open() {
        JumboOptions options = JumboFixture.options(BufferSize.KIB_64).toBuilder()
                .pages(0, SLABS * PAGES_PER_SLAB)
                .build();
        return new JumboFixture(options, 3, memory, true);
    }

    /// {@return the number of times that a spare run was seen}
    private long run(JavaFaults.Mode mode, Ending ending) {
        JumboFixture fixture = open();
        JumboPool<JumboView> pool = fixture.pool();
        List<Long> handles = new ArrayList<>(fixture.allocate(1));
        int[] spares = new int[1];
        FaultedSteps steps = new FaultedSteps(mode, () -> {
            memory.disarm();
            fixture.check(); // counts the same bytes as the arena
            long slabs = (long) (handles.size() + PAGES_PER_SLAB - 1) / PAGES_PER_SLAB;
            assertThat(fixture.takenBytes())
                    .as("slabs of pages in use, one more slab, and a spare run")
                    .isBetween(
                            slabs * pool.options().slabByteSize(),
                            (slabs + 2) * pool.options().slabByteSize());
            spares[0] += hasSpare(fixture) ? 1 : 0;
        });
        for (int i = 1; i < SLABS * PAGES_PER_SLAB; i++) {
            int size = i + 1;
            steps.run("allocate", () -> {
                memory.failFrom(Call.UNLOCK, 1, Errno.ENOMEM);
                while (handles.size() < size) {
                    handles.add(pool.tryAllocate());
                }
            });
            memory.disarm();
            if (ending != Ending.NEXT_SLABS && hasSpare(fixture)) {
                break;
            }
        }
        end(fixture, handles, ending);
        return spares[0];
    }

    private static void end(JumboFixture fixture, List<Long> handles, Ending ending) {
        JumboPool<JumboView> pool = fixture.pool();
        fixture.release(handles);
        switch (ending) {
            case NEXT_SLABS -> assertThat(hasSpare(fixture)).isFalse();
            case TRIM -> pool.trim();
            case DECAY -> fixture.decay(4);
            case CLOSE -> pool.close();
        }
        if (ending != Ending.NEXT_SLABS) {
            assertThat(fixture.takenBytes()).as("%s", ending).isZero();
        }
        fixture.close();
    }

    private static boolean hasSpare(JumboFixture fixture) {
        JumboStats.Slabs slabs = fixture.pool().stats().slabs();
        return fixture.takenBytes()
                > (slabs.grows() - slabs.shrinks()) * fixture.pool().options().slabByteSize();
    }
}
