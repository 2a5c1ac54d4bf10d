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
        void strike(Bed bed) {
            bed.reserved = bed.budget.byteLimit() - bed.budget.usedBytes();
            bed.budget.tryReserve(bed.reserved);
        }

        @Override
        void undo(Bed bed) {
            bed.budget.release(bed.reserved);
        }
    },
    FULL_ARENA("the limit of the arena is reached") {
        @Override
        void strike(Bed bed) {
            int pages = (int) (ARENA_BYTES / bed.arena.options().pageByteSize());
            bed.run = bed.arena.allocateRun(pages);
        }

        @Override
        void undo(Bed bed) {
            bed.arena.free(bed.run);
        }
    },
    CLOSED_ALLOCATOR("the allocator is closed") {
        @Override
        void strike(Bed bed) {
            bed.allocator.close();
        }
    },
    CLOSED_ARENA("the arena or its heap of blocks failed") {
        @Override
        void strike(Bed bed) {
            bed.arena.closeForcibly();
        }
    },
    UNOPENED_ON_A_CLOSED_ARENA("the allocator cannot be opened") {
        @Override
        LeasedByteBufAllocator open(PageArena arena) {
            return new LeasedByteBufAllocator(builder(arena), System::nanoTime, false);
        }

        @Override
        void strike(Bed bed) {
            bed.arena.close();
        }
    },
    NO_MAPPINGS("the arena or its heap of blocks failed") {
        @Override
        PageArenaOptions arena(MemoryBudget budget) {
            assumeTrue(VirtualMemory.system().can(Capability.LOCK), "no page can be locked here");
            return super.arena(budget).toBuilder().lockWired(true).build();
        }

        @Override
        void strike(Bed bed) {
            MappingBudget account = MappingBudget.system();
            bed.mappings = account.limit() - account.used();
            account.charge("test", bed.mappings);
        }

        @Override
        void undo(Bed bed) {
            MappingBudget.system().credit(bed.mappings);
        }
    },
    TOO_LARGE("the request is more than the largest buffer") {
        @Override
        int byteSize() {
            return Integer.MAX_VALUE;
        }

        @Override
        void strike(Bed bed) {
            // the request itself causes the failure
        }
    };

    private static final long ARENA_BYTES = 4 << 20;
    private static final int BYTES = 64 << 10;

    final String words; // (C) a part of the message of the error

    RefusalCause(String words) {
        this.words = words;
    }

    abstract void strike(Bed bed);

    void undo(Bed bed) {
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
    static final class Bed implements AutoCloseable {

        final MemoryBudget budget = MemoryBudget.of("struck", 2 * ARENA_BYTES);
        final PageArena arena;
        final LeasedByteBufAllocator allocator;
        private final RefusalCause cause;
        private long run; // a run of pages that fills the arena
        private long reserved; // bytes of the budget that the strike took
        private long mappings; // charged by the strike
        private boolean struck;

        Bed(RefusalCause cause) {
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
