package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The first wiring of a page in a process, in an arena that locks wired pages. The caller arms a failure of the JVM
/// after the constructor, which does what a process has done before.
///
/// **Threads.** Confined to one thread.
class FirstWiring implements Consumer<JavaFaults.Mode> {

    final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final MappingBudget mappings = new MappingBudget(1_000);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final MemoryBudget budget = MemoryBudget.of("first", 1 << 20);
    private final PageArena arena;
    private final long page;
    private final long unwired; // mappings charged while the page is not wired

    FirstWiring() {
        long pageBytes = Math.max(4096, memory.pageSize());
        arena = PageArenas.open(
                PageArenaOptions.builder()
                        .byteSize(8 * pageBytes)
                        .pageByteSize(pageBytes)
                        .lockWired(true)
                        .budget(budget)
                        .build(),
                reservations);
        page = arena.allocateRun(2);
        unwired = mappings.used();
    }

    /// The first wiring, which the kernel refuses.
    static final class Refused extends FirstWiring {
        Refused() {
            memory.failOnce(Call.LOCK, 1, Errno.EPERM);
        }
    }

    @Override
    public void accept(JavaFaults.Mode mode) {
        boolean isWired = wire() == null;
        memory.disarm();
        PageFrames frames = arena.frames();
        assertThat(frames.wireCount(page)).as("wirings").isEqualTo(isWired ? 1 : 0);
        assertThat(mappings.used()).as("mappings").isEqualTo(unwired + (isWired ? 2 : 0));
        assertThat(memory.count(Call.LOCK) - memory.count(Call.UNLOCK))
                .as("runs that may be locked")
                .isEqualTo(isWired ? 1 : 0);

        if (!isWired) {
            frames.wire(page);
        }
        frames.unwire(page);
        arena.free(page);
        arena.checkInvariants();
        arena.close();
        assertThat(budget.usedBytes()).as("bytes left").isZero();
        reservations.releaseRetained();
        assertThat(mappings.used()).as("mappings left").isZero();
    }

    /// {@return the failure, or null if the page is wired}
    private @Nullable Throwable wire() {
        try {
            arena.frames().wire(page);
            return null;
        } catch (OutOfMemoryError | StackOverflowError | SystemCallException e) {
            return e;
        } finally {
            JavaFaults.disarm();
        }
    }
}
