package io.leasehold.window;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
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

/// The extents and the windows of a cache, and the empty file that both lie over when they have no other.
///
/// **Ownership.** Owns both pools and the empty file.
///
/// **Threads.** Thread-safe.
final class WindowPools {

    private static final int NO_DESCRIPTOR = -1;
    private static final int NAMED_WINDOWS = 4;

    private final Reservations reservations; // (C)
    private int placeholder; // (O) the thread that opens or closes the cache;
    private final @Nullable WindowPool extents; // (C) null without any
    private final @Nullable WindowPool windows; // (C) null without any
    private final List<WindowPool> pools; // (C) those that there are

    private WindowPools(
            Reservations reservations, int placeholder, @Nullable WindowPool extents, @Nullable WindowPool windows) {
        this.reservations = reservations;
        this.placeholder = placeholder;
        this.extents = extents;
        this.windows = windows;
        this.pools = Stream.of(extents, windows).filter(Objects::nonNull).toList();
    }

    /// Reserves all address space and charges all mappings, or nothing.
    ///
    /// @param canMap whether there are windows at all
    /// @throws IllegalStateException if the mapping account has no room for them
    /// @throws SystemCallException if the kernel refuses
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
            // no slot can be put over the empty file, so there are none, as where nothing can be mapped
            return open(reservations, options, false);
        }
        WindowPool extents = null;
        WindowPool windows = null;
        try {
            String name = options.name();
            if (options.extents() > 0) {
                extents = new WindowPool(
                        SlotMemory.open(reservations, name, placeholder, options.extents(), options.extentByteSize()),
                        false);
            }
            if (options.windows() > 0) {
                windows = new WindowPool(
                        SlotMemory.open(reservations, name, placeholder, options.windows(), options.windowByteSize()),
                        true);
            }
            return new WindowPools(reservations, placeholder, extents, windows);
        } catch (RuntimeException | Error e) {
            new WindowPools(reservations, placeholder, extents, windows).closeAfter(e);
            throw e;
        }
    }

    /// {@return whether a file is to be mapped whole}
    ///
    /// @param directByteSize the largest file that is, unless it is asked for
    boolean isDirect(WindowTier tier, long byteSize, long directByteSize) {
        if (extents == null || (tier != WindowTier.AUTO && tier != WindowTier.DIRECT)) {
            return false;
        }
        long needed = (byteSize >>> extents.power()) + 1;
        return tier == WindowTier.DIRECT || (byteSize <= directByteSize && needed <= extents.freeCount());
    }

    /// {@return where the windows of a file are, or null if it has none}
    ///
    /// @param direct whether it is mapped whole
    @Nullable WindowPool poolOf(WindowTier tier, boolean direct) {
        return tier == WindowTier.BYPASS ? null : direct ? extents : windows;
    }

    /// {@return where a file has windows that has no extent, or null}
    @Nullable WindowPool poolAfter(WindowPool pool) {
        return pool == extents ? windows : null;
    }

    /// {@return the pool of windows}
    ///
    /// @throws NullPointerException if there is none
    WindowPool windows() {
        return Objects.requireNonNull(windows);
    }

    boolean isExtents(WindowPool pool) {
        return pool == extents;
    }

    /// What [#free] left.
    ///
    /// @param lent the windows that are out, as a message wants them; if there are none the file is in no slot
    /// @param refusal of the kernel to put a slot over the empty file, or null
    record Freed(String lent, @Nullable SystemCallException refusal) {}

    /// Takes a file out of all slots that are not pinned, and puts these over the empty file.
    Freed free(MappedFile file, WindowCounts counts) {
        List<SystemCallException> refusals = new ArrayList<>();
        String lent = lent(file.loans().outstanding(), file, loans -> {
            boolean isKnown = true;
            for (WindowPool pool : pools) {
                try {
                    isKnown &= pool.reclaim().remove(file, (slot, pins) -> loans.add(loan(pool, slot, pins)), counts);
                } catch (SystemCallException e) {
                    refusals.add(e);
                }
            }
            return isKnown;
        });
        return new Freed(lent, refusals.isEmpty() ? null : refusals.getFirst());
    }

    /// Waits until no part of a file is being mapped; no more will be, as the file is draining.
    void awaitMappings(MappedFile file) {
        for (WindowPool pool : pools) {
            pool.awaitMappings(file);
        }
    }

    /// {@return the windows of a file that are out and reach behind `from`, as a message wants them, and the private
    /// copies that are written back}
    String lent(MappedFile file, long from) {
        return lent(file.loans().writableCopies(), file, loans -> addPinned(file, from, loans));
    }

    /// {@return all that is out of a file, as a message wants it}
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

    /// {@return how many pins the slots of a file have; those that are not known count as none}
    long pins(MappedFile file) {
        long[] pins = new long[1];
        for (WindowPool pool : pools) {
            pool.reclaim().forEachPinned(file, (slot, count) -> pins[0] += count);
        }
        return pins[0];
    }

    /// Wakes all threads that wait for a window, as a file that they wait for may be closed, or open again.
    void wakeWaiters() {
        pools.forEach(pool -> pool.waiters.wakeAll());
    }

    /// A slot that is pinned.
    private record Loan(long byteOffset, long byteSize, long loans) {
        @Override
        public String toString() {
            return "byteOffset=%d byteSize=%d loans=%d".formatted(byteOffset, byteSize, loans);
        }
    }

    private static Loan loan(WindowPool pool, int slot, long pins) {
        return new Loan(pool.byteOffset(slot), 1L << pool.power(), pins);
    }

    /// {@return what was found, as a message wants it, made when the lock is free again}
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
            names.add("what a thread is about to lend");
        }
        if (out > 0) {
            names.add(file.loans().outstandingText());
        }
        return String.join(", ", names);
    }

    /// Gives the address space back; nothing is in the slots.
    ///
    /// @throws SystemCallException if the kernel refuses
    void close() {
        for (WindowPool pool : pools) {
            pool.close();
        }
        if (placeholder != NO_DESCRIPTOR) {
            reservations.memory().closeMemory(placeholder);
            placeholder = NO_DESCRIPTOR; // closing may be repeated
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
