package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.Tag;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import io.leasehold.memory.Reservations;
import io.leasehold.os.AddressSpace;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Options of an arena. Start from [#builder()] and set what differs.
///
/// @param name name of the arena in messages, statistics and the budget report
/// @param byteSize limit in bytes for the memory of the arena's pages, a multiple of `pageByteSize`. Several times as
///     much address space is reserved if the system has it, and costs no memory. 0 means the lowest limit of the budget
///     and those above it, or as much of it as the address space allows
/// @param pageByteSize 4 KiB (or the kernel's page size if that is larger), 16 KiB, 64 KiB or 2 MiB; 0 means the
///     smallest
/// @param memoryFile true if a memory file backs the pages, so that they can be mapped at a second address
/// @param hugePages true if the kernel may use huge pages. Idle memory is then decommitted only in whole huge frames.
///     If false, huge pages are disabled for the whole arena, since they would undo a decommit of single pages
/// @param prefault true if every page is faulted in before it is allocated; otherwise only while the arena grows fast
/// @param zeroOnFree true if a page is zeroed when it is freed, so that the next owner never sees the bytes of the last
///     one
/// @param lockWired true if wired pages are locked in memory (mlock(2))
/// @param decay time for which a free page keeps its memory, at least 1 ms; [#NO_DECAY] means for ever
/// @param budget budget to which the arena's memory is charged, or null for [MemoryBudget#process()]
/// @param tag tag under which the pages count in `io.leasehold.observe`, at most 100 characters; null for the tag of
///     the opening thread, or else the name
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
        @Nullable MemoryBudget budget,
        @Nullable String tag) {

    /// Free pages keep their memory until [PageArena#trim()] or until other pages need the budget.
    public static final Duration NO_DECAY = Duration.ofNanos(Long.MAX_VALUE);

    /// Longer than the gaps between the bursts of one connection. Reclaimers above first give back their caches, within
    /// some eighths of the decay. So the memory of a burst is decommitted within one second after the end of the burst.
    static final Duration DEFAULT_DECAY = Duration.ofMillis(500);

    private static final long MIN_PAGE_BYTES = 4 << 10;
    private static final long MAX_PAGE_BYTES = 2 << 20;

    /// Maximum number of pages of an arena.
    public static final int MAX_PAGES = FrameLayout.MAX_PAGES - BitmapLayout.PAGEBLOCK_PAGES;

    /// Minimum of a default limit in bytes. An arena with less could be opened but hardly used.
    private static final long MIN_DEFAULT_BYTES = 16 << 20;

    private static final Duration MIN_DECAY = Duration.ofMillis(1);

    private static final PageArenaOptions DEFAULTS =
            new PageArenaOptions("pages", 0, 0, false, false, false, false, false, DEFAULT_DECAY, null, null);

    /// Checks what does not depend on the machine. [PageArena#open] checks the rest.
    ///
    /// @throws IllegalArgumentException if a value is out of range, naming the value and the limit
    public PageArenaOptions {
        OptionChecks.name(name);
        OptionChecks.range("byteSize", byteSize, 0, MAX_PAGES * MAX_PAGE_BYTES);
        if (pageByteSize != 0) {
            boolean known = pageByteSize == MIN_PAGE_BYTES
                    || pageByteSize == 16 << 10
                    || pageByteSize == 64 << 10
                    || pageByteSize == MAX_PAGE_BYTES;
            if (!known) {
                throw new IllegalArgumentException("pageByteSize is not supported: arena=" + name + ", pageByteSize="
                        + pageByteSize + "; use 4096, 16384, 65536 or 2097152");
            }
            checkPages(name, byteSize, pageByteSize);
        }
        Objects.requireNonNull(decay, "decay is null");
        if (decay.compareTo(MIN_DECAY) < 0) {
            throw new IllegalArgumentException("decay is too short: decay=" + decay + ", min=" + MIN_DECAY);
        }
        if (decay.compareTo(NO_DECAY) > 0) {
            decay = NO_DECAY;
        }
        Tag.check(tag);
    }

    /// {@return default options: anonymous pages of the smallest size, limited by the process budget, with a decay of
    /// 500 ms}
    public static PageArenaOptions defaults() {
        return DEFAULTS;
    }

    /// {@return a builder with the default options}
    public static Builder builder() {
        return DEFAULTS.toBuilder();
    }

    /// {@return a builder with these options}
    public Builder toBuilder() {
        return new Builder(this);
    }

    /// {@return the parent of the arena's own budget}
    MemoryBudget budgetAbove() {
        return budget == null ? MemoryBudget.process() : budget;
    }

    /// {@return number of pages that are decommitted together; the sizes must be filled in}
    int framePages(VirtualMemory memory) {
        return hugePages ? Math.max(1, (int) (memory.hugePageSize() / pageByteSize)) : 1;
    }

    /// {@return the alignment of the first page in bytes: huge frames begin where the huge pages of the kernel do}
    long byteAlignment(VirtualMemory memory) {
        return hugePages ? Math.max(ArenaSpace.BYTE_ALIGNMENT, memory.hugePageSize()) : ArenaSpace.BYTE_ALIGNMENT;
    }

    /// {@return these options with a size in place of each 0}
    ///
    /// @throws IllegalArgumentException if the options do not fit the machine, naming the value and the limit
    PageArenaOptions fitted(Reservations reservations, MemoryBudget parent) {
        VirtualMemory memory = reservations.memory();
        long smallest = Math.max(memory.pageSize(), MIN_PAGE_BYTES);
        long page = pageByteSize == 0 ? smallest : pageByteSize;
        if (page < smallest) {
            throw new IllegalArgumentException("pageByteSize is smaller than the kernel's page size: arena=" + name
                    + ", pageByteSize=" + page + ", min=" + smallest);
        }
        long least = page + ArenaSpace.TABLE_BYTES_PER_PAGE;
        MemoryBudget tightest = parent.tightest();
        if (tightest.byteLimit() < least) {
            throw new IllegalArgumentException("budget is too small for one page and its tables: arena=" + name
                    + ", budget=" + tightest.name() + ", byteLimit=" + tightest.byteLimit() + ", min=" + least);
        }
        long most = Math.min(Alignment.down(tightest.byteLimit(), page), MAX_PAGES * page);
        long size = byteSize == 0 ? reservations.defaultByteLimit(most, page, MIN_DEFAULT_BYTES) : byteSize;
        checkPages(name, size, page);
        if (memoryFile && !memory.can(Capability.MAP)) {
            throw new IllegalArgumentException("memoryFile needs native access on Linux: arena=" + name + ", memory="
                    + memory + remedy("set memoryFile to false"));
        }
        if (lockWired && !memory.can(Capability.LOCK)) {
            throw new IllegalArgumentException("lockWired needs mlock(2): arena=" + name + ", memory=" + memory
                    + remedy("raise RLIMIT_MEMLOCK (ulimit -l), or allow mlock in the seccomp profile"));
        }
        return toBuilder().byteSize(size).pageByteSize(page).build();
    }

    private static void checkPages(String name, long byteSize, long pageByteSize) {
        if (byteSize % pageByteSize != 0) {
            throw new IllegalArgumentException("byteSize is not a multiple of pageByteSize: arena=" + name
                    + ", byteSize=" + byteSize + ", pageByteSize=" + pageByteSize);
        }
        if (byteSize / pageByteSize > MAX_PAGES) {
            throw new IllegalArgumentException("byteSize has too many pages: arena=" + name + ", byteSize=" + byteSize
                    + ", pageByteSize=" + pageByteSize + ", max=" + MAX_PAGES * pageByteSize
                    + "; choose a larger pageByteSize");
        }
    }

    /// {@return the end of a message about a missing capability: the cause if the whole process has portable memory;
    /// else `ofNative`}
    private static String remedy(String ofNative) {
        String cause = AddressSpace.portableCause();
        return cause.isEmpty() ? "; " + ofNative : ", cause=" + cause;
    }

    /// Collects options. [#build] checks them.
    ///
    /// **Threads.** For one thread.
    public static final class Builder {

        private String name;
        private long byteSize;
        private long pageByteSize;
        private boolean memoryFile;
        private boolean hugePages;
        private boolean prefault;
        private boolean zeroOnFree;
        private boolean lockWired;
        private Duration decay;
        private @Nullable MemoryBudget budget;
        private @Nullable String tag;

        private Builder(PageArenaOptions from) {
            this.name = from.name;
            this.byteSize = from.byteSize;
            this.pageByteSize = from.pageByteSize;
            this.memoryFile = from.memoryFile;
            this.hugePages = from.hugePages;
            this.prefault = from.prefault;
            this.zeroOnFree = from.zeroOnFree;
            this.lockWired = from.lockWired;
            this.decay = from.decay;
            this.budget = from.budget;
            this.tag = from.tag;
        }

        /// Sets the name of the arena.
        ///
        /// @param name name in messages and statistics
        /// @return this builder
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /// Sets the limit: the memory that pages may hold at a time.
        ///
        /// @param byteSize limit in bytes, or 0 for what the budget allows
        /// @return this builder
        public Builder byteSize(long byteSize) {
            this.byteSize = byteSize;
            return this;
        }

        /// Sets the size of a page.
        ///
        /// @param pageByteSize size in bytes, or 0 for the smallest that the machine has
        /// @return this builder
        public Builder pageByteSize(long pageByteSize) {
            this.pageByteSize = pageByteSize;
            return this;
        }

        /// Puts a memory file under the pages, so that they can be mapped at further addresses.
        ///
        /// @param memoryFile true for a memory file
        /// @return this builder
        public Builder memoryFile(boolean memoryFile) {
            this.memoryFile = memoryFile;
            return this;
        }

        /// Allows huge pages.
        ///
        /// @param hugePages true to allow them
        /// @return this builder
        public Builder hugePages(boolean hugePages) {
            this.hugePages = hugePages;
            return this;
        }

        /// Faults in pages before they are allocated.
        ///
        /// @param prefault true to fault them in
        /// @return this builder
        public Builder prefault(boolean prefault) {
            this.prefault = prefault;
            return this;
        }

        /// Zeroes pages when they are freed.
        ///
        /// @param zeroOnFree true to zero them
        /// @return this builder
        public Builder zeroOnFree(boolean zeroOnFree) {
            this.zeroOnFree = zeroOnFree;
            return this;
        }

        /// Locks wired pages in memory.
        ///
        /// @param lockWired true to lock them
        /// @return this builder
        public Builder lockWired(boolean lockWired) {
            this.lockWired = lockWired;
            return this;
        }

        /// Sets how long a free page keeps its memory.
        ///
        /// @param decay time, or [PageArenaOptions#NO_DECAY]
        /// @return this builder
        public Builder decay(Duration decay) {
            this.decay = decay;
            return this;
        }

        /// Sets the parent of the arena's own budget.
        ///
        /// @param budget budget that the memory is charged to, or null for that of the process
        /// @return this builder
        public Builder budget(@Nullable MemoryBudget budget) {
            this.budget = budget;
            return this;
        }

        /// Sets the tag under which the pages count in `io.leasehold.observe`.
        ///
        /// @param tag the tag, at most 100 characters, or null for the tag of the opening thread, or else the name
        /// @return this builder
        public Builder tag(@Nullable String tag) {
            this.tag = tag;
            return this;
        }

        /// {@return the options}
        ///
        /// @throws IllegalArgumentException if a value is out of range, naming the value and the limit
        public PageArenaOptions build() {
            return new PageArenaOptions(
                    name,
                    byteSize,
                    pageByteSize,
                    memoryFile,
                    hugePages,
                    prefault,
                    zeroOnFree,
                    lockWired,
                    decay,
                    budget,
                    tag);
        }
    }
}
