package io.leasehold.netty;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;

/// The reason why the allocator of a running server has no buffer.
///
/// **Threads.** Used by the test's thread.
enum RefusalCause {
    FULL_BUDGET("the limit of a budget is reached") {
        @Override
        void strike(Fixture fixture) {
            fixture.reserved = fixture.budget.byteLimit() - fixture.budget.usedBytes();
            fixture.budget.tryReserve(fixture.reserved);
        }

        @Override
        void undo(Fixture fixture) {
            fixture.budget.release(fixture.reserved);
        }
    },
    FULL_ARENA("the limit of the arena is reached") {
        @Override
        void strike(Fixture fixture) {
            int pages = (int) (ARENA_BYTES / fixture.arena.options().pageByteSize());
            fixture.run = fixture.arena.allocateRun(pages);
        }

        @Override
        void undo(Fixture fixture) {
            fixture.arena.free(fixture.run);
        }
    },
    CLOSED_ALLOCATOR("the allocator is closed") {
        @Override
        void strike(Fixture fixture) {
            fixture.allocator.close();
        }
    },
    CLOSED_ARENA("the arena or its heap of blocks failed") {
        @Override
        void strike(Fixture fixture) {
            fixture.arena.closeForcibly();
        }
    },
    UNOPENED_ON_A_CLOSED_ARENA("the allocator cannot be opened") {
        @Override
        LeasedByteBufAllocator open(PageArena arena) {
            return new LeasedByteBufAllocator(builder(arena), System::nanoTime, false);
        }

        @Override
        void strike(Fixture fixture) {
            fixture.arena.close();
        }
    },
    NO_MAPPINGS("the arena or its heap of blocks failed") {
        @Override
        PageArenaOptions arena(MemoryBudget budget) {
            assumeTrue(VirtualMemory.system().can(Capability.LOCK), "no page can be locked here");
            return super.arena(budget).toBuilder().lockWired(true).build();
        }

        @Override
        void strike(Fixture fixture) {
            MappingBudget account = MappingBudget.system();
            fixture.mappings = account.limit() - account.used();
            account.charge("test", fixture.mappings);
        }

        @Override
        void undo(Fixture fixture) {
            MappingBudget.system().credit(fixture.mappings);
        }
    },
    TOO_LARGE("the request is more than the largest buffer") {
        @Override
        int byteSize() {
            return Integer.MAX_VALUE;
        }

        @Override
        void strike(Fixture fixture) {
            // the request itself causes the failure
        }
    };

    private static final long ARENA_BYTES = 4 << 20;
    private static final int BYTES = 64 << 10;

    final String words; // (C) a part of the message of the error

    RefusalCause(String words) {
        this.words = words;
    }

    abstract void strike(Fixture fixture);

    void undo(Fixture fixture) {
        // there is nothing to undo
    }

    int byteSize() {
        return BYTES;
    }

    PageArenaOptions arena(MemoryBudget budget) {
        return PageArenaOptions.builder()
                .name("struck pages")
                .byteSize(ARENA_BYTES)
                .budget(budget)
                .build();
    }

    LeasedByteBufAllocator open(PageArena arena) {
        return builder(arena).build();
    }

    private static LeasedByteBufAllocatorBuilder builder(PageArena arena) {
        return LeasedByteBufAllocator.builder().name("struck").arena(arena);
    }

    /// An allocator on its own arena, before and after the cause strikes.
    static final class Fixture implements AutoCloseable {

        final MemoryBudget budget = MemoryBudget.of("struck", 2 * ARENA_BYTES);
        final PageArena arena;
        final LeasedByteBufAllocator allocator;
        private final RefusalCause cause;
        private long run; // a run of pages that fills the arena
        private long reserved; // bytes of the budget that the strike took
        private long mappings; // charged by the strike
        private boolean struck;

        Fixture(RefusalCause cause) {
            this.cause = cause;
            arena = PageArena.open(cause.arena(budget));
            allocator = cause.open(arena);
        }

        void strike() {
            cause.strike(this);
            struck = true;
        }

        @Override
        public void close() {
            if (struck) {
                cause.undo(this);
            }
            allocator.close();
            arena.close();
        }
    }
}
