package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What an arena is opened with; start from [#defaults()] and change what differs.
///
/// @param name for messages, statistics and the budget report
/// @param byteSize the limit on the memory of the arena's pages in bytes, a multiple of `pageByteSize`. Several times
///     as much is reserved as address space at once, where the system has that, and costs no memory. 0 means the limit
///     of the budget, or as much of it as there is address space for
/// @param pageByteSize 4 KiB (or the kernel's page if that is larger), 16 KiB, 64 KiB or 2 MiB; 0 means the smallest
/// @param memoryFile whether the pages live in a memory file, so that they can be mapped a second time elsewhere
/// @param hugePages whether the kernel may use huge pages; idle memory then goes back in whole huge frames only.
///     Otherwise they are forbidden for the whole arena, since they hide what was given back
/// @param prefault whether a page is faulted in before it is handed out
/// @param zeroOnFree whether a page is zeroed when it is freed, so that it never carries one tenant's bytes to another
/// @param lockWired whether wired pages are locked in memory (mlock(2))
/// @param decay how long a free page keeps its memory, at least a millisecond; [#NO_DECAY] for ever
/// @param budget what the arena's memory is charged to, null for [MemoryBudget#process()]
public record PageArenaOptions(
        String name,
        long byteSize,
        long pageByteSize,
        boolean memoryFile,
        boolean hugePages,
        boolean prefault,
        boolean zeroOnFree,
        boolean lockWired,
        Duration decay,
        @Nullable MemoryBudget budget) {

    /// Free pages keep their memory until [PageArena#trim()] or until other pages need the budget.
    public static final Duration NO_DECAY = Duration.ofNanos(Long.MAX_VALUE);

    /// Longer than the gaps between the bursts of one connection; and with the eighths that go by before those above
    /// give back what they kept, a burst is with the system again within a second after its end.
    static final Duration DEFAULT_DECAY = Duration.ofMillis(500);

    private static final long MIN_PAGE_BYTES = 4 << 10;
    private static final long MAX_PAGE_BYTES = 2 << 20;

    /// The greatest number of pages that an arena has.
    public static final int MAX_PAGES = FrameLayout.MAX_PAGES - BitmapLayout.BLOCK_PAGES;

    /// An arena with less would only look as if it were open.
    private static final long MIN_DEFAULT_BYTES = 16 << 20;

    private static final Duration MIN_DECAY = Duration.ofMillis(1);

    private static final PageArenaOptions DEFAULTS =
            new PageArenaOptions("pages", 0, 0, false, false, false, false, false, DEFAULT_DECAY, null);

    /// Checks what can be told without the machine; the rest is checked by [PageArena#open].
    ///
    /// @throws IllegalArgumentException naming the value and the bound
    public PageArenaOptions {
        OptionChecks.name(name);
        OptionChecks.range("byteSize", byteSize, 0, MAX_PAGES * MAX_PAGE_BYTES);
        if (pageByteSize != 0) {
            Alignment.check("pageByteSize", pageByteSize);
            boolean known = pageByteSize == MIN_PAGE_BYTES
                    || pageByteSize == 16 << 10
                    || pageByteSize == 64 << 10
                    || pageByteSize == MAX_PAGE_BYTES;
            if (!known) {
                throw new IllegalArgumentException(
                        "pageByteSize is none of 4096, 16384, 65536, 2097152: pageByteSize=" + pageByteSize);
            }
        }
        if (decay.compareTo(MIN_DECAY) < 0) {
            throw new IllegalArgumentException("decay is too short: decay=" + decay + ", min=" + MIN_DECAY);
        }
        if (decay.compareTo(NO_DECAY) > 0) {
            decay = NO_DECAY;
        }
    }

    /// {@return anonymous pages of the smallest size, bounded by the process budget, given back after half a second}
    public static PageArenaOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName the value to use instead
    public PageArenaOptions withName(String newName) {
        return new PageArenaOptions(
                newName, byteSize, pageByteSize, memoryFile, hugePages, prefault, zeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with another bound in bytes}
    ///
    /// @param newByteSize the value to use instead
    public PageArenaOptions withByteSize(long newByteSize) {
        return new PageArenaOptions(
                name, newByteSize, pageByteSize, memoryFile, hugePages, prefault, zeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with another page size in bytes}
    ///
    /// @param newPageByteSize the value to use instead
    public PageArenaOptions withPageByteSize(long newPageByteSize) {
        return new PageArenaOptions(
                name, byteSize, newPageByteSize, memoryFile, hugePages, prefault, zeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with pages in a memory file, or not}
    ///
    /// @param newMemoryFile the value to use instead
    public PageArenaOptions withMemoryFile(boolean newMemoryFile) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, newMemoryFile, hugePages, prefault, zeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with huge pages, or not}
    ///
    /// @param newHugePages the value to use instead
    public PageArenaOptions withHugePages(boolean newHugePages) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, memoryFile, newHugePages, prefault, zeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with pages faulted in beforehand, or not}
    ///
    /// @param newPrefault the value to use instead
    public PageArenaOptions withPrefault(boolean newPrefault) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, memoryFile, hugePages, newPrefault, zeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with pages zeroed when freed, or not}
    ///
    /// @param newZeroOnFree the value to use instead
    public PageArenaOptions withZeroOnFree(boolean newZeroOnFree) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, memoryFile, hugePages, prefault, newZeroOnFree, lockWired, decay, budget);
    }

    /// {@return these options with wired pages locked in memory, or not}
    ///
    /// @param newLockWired the value to use instead
    public PageArenaOptions withLockWired(boolean newLockWired) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, memoryFile, hugePages, prefault, zeroOnFree, newLockWired, decay, budget);
    }

    /// {@return these options with another time that free pages keep their memory}
    ///
    /// @param newDecay the value to use instead
    public PageArenaOptions withDecay(Duration newDecay) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, memoryFile, hugePages, prefault, zeroOnFree, lockWired, newDecay, budget);
    }

    /// {@return these options with another budget above the arena's own bound}
    ///
    /// @param newBudget the value to use instead
    public PageArenaOptions withBudget(MemoryBudget newBudget) {
        return new PageArenaOptions(
                name, byteSize, pageByteSize, memoryFile, hugePages, prefault, zeroOnFree, lockWired, decay, newBudget);
    }

    /// {@return what the arena's own budget is a child of}
    MemoryBudget budgetAbove() {
        return budget == null ? MemoryBudget.process() : budget;
    }

    /// {@return how many pages are given back at once, of options with their sizes filled in}
    int framePages(VirtualMemory memory) {
        return hugePages ? Math.max(1, (int) (memory.hugePageSize() / pageByteSize)) : 1;
    }

    /// {@return these options with the sizes that 0 stood for}
    ///
    /// @throws IllegalArgumentException if they do not fit the machine, naming the value and the bound
    PageArenaOptions fitted(Reservations reservations, MemoryBudget parent) {
        VirtualMemory memory = reservations.memory();
        long smallest = Math.max(memory.pageSize(), MIN_PAGE_BYTES);
        long page = pageByteSize == 0 ? smallest : pageByteSize;
        if (page < smallest) {
            throw new IllegalArgumentException(
                    "pageByteSize is below the kernel's page: pageByteSize=" + page + ", min=" + smallest);
        }
        long least = page + ArenaSpace.TABLE_BYTES_PER_PAGE;
        if (parent.byteLimit() < least) {
            throw new IllegalArgumentException("budget has no room for a page and its table: arena=" + name
                    + ", budget=" + parent.name() + ", byteLimit=" + parent.byteLimit() + ", min=" + least);
        }
        long most = Math.min(Alignment.down(parent.byteLimit(), page), MAX_PAGES * page);
        long size = byteSize == 0 ? reservations.defaultByteLimit(most, page, MIN_DEFAULT_BYTES) : byteSize;
        if (size % page != 0) {
            throw new IllegalArgumentException(
                    "byteSize is not a multiple of pageByteSize: byteSize=" + size + ", pageByteSize=" + page);
        }
        if (size / page > MAX_PAGES) {
            throw new IllegalArgumentException("byteSize has too many pages: byteSize=" + size + ", pageByteSize="
                    + page + ", max=" + MAX_PAGES * page + "; choose a larger pageByteSize");
        }
        if (memoryFile && !memory.can(Capability.MAP)) {
            throw new IllegalArgumentException("memoryFile needs native access on Linux; the log names the flag");
        }
        if (lockWired && !memory.can(Capability.LOCK)) {
            throw new IllegalArgumentException("lockWired needs mlock(2): arena=" + name + ", memory=" + memory
                    + "; add native access on Linux (the log names the flag), raise RLIMIT_MEMLOCK (ulimit -l),"
                    + " or allow mlock in the seccomp profile");
        }
        return withByteSize(size).withPageByteSize(page);
    }
}
