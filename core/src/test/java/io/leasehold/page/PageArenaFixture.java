package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;

/// The base of the contracts of [PageArena]: options and a kernel seam for one kind of memory.
interface PageArenaFixture {

    /// Default number of pages of an arena under test: more than one magazine holds.
    int PAGES = 256;

    /// {@return reservations for this test only}
    Reservations reservations();

    /// {@return options of the kind of arena under test, small and without decay}
    default PageArenaOptions options() {
        return PageArenaOptions.builder()
                .name("arena")
                .pageByteSize(pageBytes())
                .byteSize(PAGES * pageBytes())
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
    }

    /// {@return the name of the arenas in messages}
    default String name() {
        return options().name();
    }

    default PageArenaOptions options(int pages) {
        return options().toBuilder().byteSize(pages * pageBytes()).build();
    }

    default PageArena open(PageArenaOptions options) {
        return PageArena.open(options, reservations(), 0);
    }

    default PageArena open() {
        return open(options());
    }

    default VirtualMemory memory() {
        return reservations().memory();
    }

    default long pageBytes() {
        return Math.max(4096, memory().pageSize());
    }

    default void require(Capability capability) {
        TestMemory.require(memory(), capability);
    }

    /// {@return `count` allocated pages}
    default List<Long> allocate(PageArena arena, int count) {
        List<Long> pages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pages.add(arena.allocate());
        }
        return pages;
    }

    /// Fills an allocation with a value.
    default void fill(PageArena arena, long page, int value) {
        OffHeap.fill(arena.frames().address(page), byteSize(arena, page), (byte) value);
    }

    /// {@return the size of an allocation in bytes}
    default long byteSize(PageArena arena, long page) {
        return arena.frames().pageCount(page) * arena.options().pageByteSize();
    }

    /// Expects a call to fail, and returns its message for further assertions.
    default AbstractStringAssert<?> assertRefused(StateKind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        PageStateException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .message();
    }

    @AfterEach
    default void releaseRetained() {
        reservations().releaseRetained();
    }
}
