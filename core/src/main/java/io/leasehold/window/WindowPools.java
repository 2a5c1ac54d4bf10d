package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.holder.SizeCount;
import io.leasehold.memory.Reservations;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The extents and the windows of a cache, and the placeholder: an empty file that is mapped over slots without a part.
///
/// **Ownership.** Owns both pools and the placeholder.
///
/// **Threads.** Thread-safe.
final class WindowPools {

    private static final int NO_DESCRIPTOR = -1;
    /// Maximum number of windows that a message names.
    private static final int NAMED_WINDOWS = 4;

    private final Reservations reservations; // (C)
    private int placeholder; // (O) descriptor; the thread that opens or closes the cache
    private final @Nullable WindowPool extents; // (C) null if there are none
    private final @Nullable WindowPool windows; // (C) null if there are none
    private final List<WindowPool> pools; // (C) the pools that are not null

    private WindowPools(
            Reservations reservations, int placeholder, @Nullable WindowPool extents, @Nullable WindowPool windows) {
        this.reservations = reservations;
        this.placeholder = placeholder;
        this.extents = extents;
        this.windows = windows;
        this.pools = Stream.of(extents, windows).filter(Objects::nonNull).toList();
    }

    /// Reserves address space and charges mappings, or changes nothing. The pools are smaller than the options say if
    /// the address space of the process is limited.
    ///
    /// @param canMap true if files can be mapped; else there are no pools
    /// @throws IllegalStateException if the [io.leasehold.memory.MappingBudget] has too few mappings left
    /// @throws SystemCallException if a system call fails
    static WindowPools open(Reservations reservations, WindowCacheOptions options, boolean canMap) {
        if (!canMap) {
            return new WindowPools(reservations, NO_DESCRIPTOR, null, null);
        }
        int placeholder;
        try {
            placeholder = reservations.memory().createMemory("leasehold placeholder", 0);
        } catch (SystemCallException e) {
            if (!Errno.refusesCall(e.errno())) {
                throw e;
            }
            // without a placeholder there are no slots, as if nothing could be mapped
            return open(reservations, options, false);
        }
        WindowPool extents = null;
        WindowPool windows = null;
        try {
            String name = options.name();
            if (options.extents() > 0) {
                extents = openPool(
                        reserve(reservations, name, placeholder, options.extents(), options.extentByteSize()), false);
            }
            if (options.windows() > 0) {
                windows = openPool(
                        reserve(reservations, name, placeholder, options.windows(), options.windowByteSize()), true);
            }
            return new WindowPools(reservations, placeholder, extents, windows);
        } catch (RuntimeException | Error e) {
            new WindowPools(reservations, placeholder, extents, windows).closeAfter(e);
            throw e;
        }
    }

    /// Opens a pool's memory with `most` slots, or with fewer if the process may not reserve as many addresses.
    private static SlotMemory reserve(
            Reservations reservations, String name, int placeholder, int most, long slotByteSize) {
        long byteSize = reservations.defaultByteLimit(most * slotByteSize, slotByteSize, slotByteSize);
        return SlotMemory.open(reservations, name, placeholder, (int) (byteSize / slotByteSize), slotByteSize);
    }

    private static WindowPool openPool(SlotMemory memory, boolean evicts) {
        WindowPool pool = null;
        try {
            pool = new WindowPool(memory, evicts);
            return pool;
        } finally {
            if (pool == null) {
                memory.close(); // the Java heap is full
            }
        }
    }

    /// {@return true if a file is to be mapped whole}
    ///
    /// @param directByteSize size in bytes of the largest file that is mapped whole unless its tier is DIRECT
    boolean isDirect(WindowTier tier, long byteSize, long directByteSize) {
        if (extents == null || (tier != WindowTier.AUTO && tier != WindowTier.DIRECT)) {
            return false;
        }
        long needed = (byteSize >>> extents.power()) + 1;
        return tier == WindowTier.DIRECT || (byteSize <= directByteSize && needed <= extents.freeCount());
    }

    /// {@return the pool for the windows of a file, or null if it has none}
    ///
    /// @param direct true if the file is mapped whole
    @Nullable WindowPool poolOf(WindowTier tier, boolean direct) {
        return tier == WindowTier.BYPASS ? null : direct ? extents : windows;
    }

    /// {@return the pool to use if `pool` has no slot for a part, or null}
    @Nullable WindowPool poolAfter(WindowPool pool) {
        return pool == extents ? windows : null;
    }

    /// {@return the pool of windows}
    ///
    /// @throws NullPointerException if there is none
    WindowPool windows() {
        return Objects.requireNonNull(windows);
    }

    /// {@return true if a pool is the pool of extents}
    boolean isExtents(WindowPool pool) {
        return pool == extents;
    }

    /// {@return the slots with a part of a file, by size}
    List<SizeCount> mapped() {
        return pools.stream()
                .map(pool -> new SizeCount(1L << pool.power(), pool.mappedCount()))
                .toList();
    }

    /// The result of [#free].
    ///
    /// @param lent the outstanding windows, as text for a message; if empty, no slot has the file
    /// @param failure the failure to map the placeholder over a slot, or null
    /// @param isKnown false if pin counts could not be collected; slots without pins may have the file then
    record Freed(String lent, @Nullable SystemCallException failure, boolean isKnown) {}

    /// Takes a file out of all slots that are not pinned, and maps the placeholder over them.
    Freed free(MappedFile file, WindowCounts counts) {
        List<SystemCallException> failures = new ArrayList<>();
        boolean[] known = new boolean[1];
        String lent = lent(file.loans().outstanding(), file, loans -> {
            boolean isKnown = true;
            for (WindowPool pool : pools) {
                try {
                    isKnown &= pool.reclaim().remove(file, (slot, pins) -> loans.add(loan(pool, slot, pins)), counts);
                } catch (SystemCallException e) {
                    failures.add(e);
                }
            }
            known[0] = isKnown;
            return isKnown;
        });
        return new Freed(lent, failures.isEmpty() ? null : failures.getFirst(), known[0]);
    }

    /// Waits until no part of a file is being mapped. No new mapping begins, since the file is draining.
    void awaitMappings(MappedFile file) {
        for (WindowPool pool : pools) {
            pool.awaitMappings(file);
        }
    }

    /// {@return the outstanding windows of a file that reach behind `from`, and its writable private copies, as text
    /// for a message; empty if there are none}
    String lent(MappedFile file, long from) {
        return lent(file.loans().writableCopies(), file, loans -> addPinned(file, from, loans));
    }

    /// {@return all outstanding loans of a file, as text for a message; empty if there are none}
    String outstanding(MappedFile file) {
        return lent(file.loans().outstanding(), file, loans -> addPinned(file, 0, loans));
    }

    private boolean addPinned(MappedFile file, long from, Set<Loan> loans) {
        boolean isKnown = true;
        for (WindowPool pool : pools) {
            isKnown &= pool.reclaim().forEachPinned(file, (slot, pins) -> {
                if (pool.byteOffset(slot) + (1L << pool.power()) > from) {
                    loans.add(loan(pool, slot, pins));
                }
            });
        }
        return isKnown;
    }

    /// {@return the number of pins of the slots of a file; pins that cannot be collected count as 0}
    long pins(MappedFile file) {
        long[] pins = new long[1];
        for (WindowPool pool : pools) {
            pool.reclaim().forEachPinned(file, (slot, count) -> pins[0] += count);
        }
        return pins[0];
    }

    /// Wakes all threads that wait for a window, because a file may be closed, or open again.
    void wakeWaiters() {
        pools.forEach(pool -> pool.waiters.wakeAll());
    }

    /// A slot that is pinned.
    record Loan(long byteOffset, long byteSize, long loans) {
        @Override
        public String toString() {
            return format("byteOffset=%d byteSize=%d loans=%d", byteOffset, byteSize, loans);
        }
    }

    private static Loan loan(WindowPool pool, int slot, long pins) {
        return new Loan(pool.byteOffset(slot), 1L << pool.power(), pins);
    }

    /// {@return the loans that were found, as text for a message, built without the lock}
    ///
    /// @param out number of loans that no slot counts
    /// @param look adds the pinned slots, and returns false if pin counts could not be collected
    private static String lent(int out, MappedFile file, Predicate<Set<Loan>> look) {
        Set<Loan> found = new LinkedHashSet<>();
        boolean isKnown = look.test(found);
        List<String> names = found.stream()
                .limit(NAMED_WINDOWS)
                .map(Loan::toString)
                .collect(Collectors.toCollection(ArrayList::new));
        if (found.size() > NAMED_WINDOWS) {
            names.add((found.size() - NAMED_WINDOWS) + " more");
        }
        if (!isKnown) {
            names.add("unknown: the pins of all threads could not be collected");
        }
        if (out > 0) {
            names.add(file.loans().outstandingText());
        }
        return String.join(", ", names);
    }

    /// Releases the address space. No file is in the slots.
    ///
    /// @throws SystemCallException if a system call fails
    void close() {
        for (WindowPool pool : pools) {
            pool.close();
        }
        if (placeholder != NO_DESCRIPTOR) {
            reservations.memory().closeMemory(placeholder);
            placeholder = NO_DESCRIPTOR; // so that closing can be repeated
        }
    }

    /// @param open the files that may be in slots
    void checkInvariants(Set<MappedFile> open) {
        for (WindowPool pool : pools) {
            pool.checkInvariants(open);
        }
    }

    @Override
    public String toString() {
        return "extents=" + extents + ", windows=" + windows;
    }

    private void closeAfter(Throwable cause) {
        try {
            close();
        } catch (SystemCallException e) {
            cause.addSuppressed(e);
        }
    }
}
