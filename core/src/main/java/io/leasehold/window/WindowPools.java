package io.leasehold.window;

import io.leasehold.memory.Reservations;
import io.leasehold.os.OsException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The extents and the windows of a cache, and the empty file that both lie over when they have no other.
///
/// **Ownership.** Owns both pools and the empty file.
///
/// **Threads.** What changes or looks through slots is called under the lock of the cache; the rest is constant.
final class WindowPools {

    private static final int NO_DESCRIPTOR = -1;
    private static final int NAMED_WINDOWS = 4;

    private final Reservations reservations; // (C)
    private final int poison; // (C)
    private final @Nullable WindowPool extents; // (C) null without any
    private final @Nullable WindowPool windows; // (C) null without any
    private final List<WindowPool> pools; // (C) those that there are

    private WindowPools(
            Reservations reservations, int poison, @Nullable WindowPool extents, @Nullable WindowPool windows) {
        this.reservations = reservations;
        this.poison = poison;
        this.extents = extents;
        this.windows = windows;
        this.pools = Stream.of(extents, windows).filter(Objects::nonNull).toList();
    }

    /// Reserves all address space and charges all mappings, or nothing.
    ///
    /// @param canMap whether there are windows at all
    /// @throws IllegalStateException if the mapping account has no room for them
    /// @throws OsException if the kernel refuses
    static WindowPools open(Reservations reservations, WindowCacheOptions options, boolean canMap) {
        if (!canMap) {
            return new WindowPools(reservations, NO_DESCRIPTOR, null, null);
        }
        int poison = reservations.memory().createMemory("leasehold poison", 0);
        WindowPool extents = null;
        WindowPool windows = null;
        try {
            String name = options.name();
            if (options.extents() > 0) {
                extents =
                        WindowPool.open(reservations, name, poison, options.extents(), options.extentByteSize(), false);
            }
            if (options.windows() > 0) {
                windows =
                        WindowPool.open(reservations, name, poison, options.windows(), options.windowByteSize(), true);
            }
            return new WindowPools(reservations, poison, extents, windows);
        } catch (RuntimeException | Error e) {
            new WindowPools(reservations, poison, extents, windows).closeAfter(e);
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

    boolean isExtents(WindowPool pool) {
        return pool == extents;
    }

    /// Takes a file out of all slots that are not pinned.
    ///
    /// @return the windows that are out, as a message wants them; if there are none it is in no slot
    String free(MappedFile file) {
        return lent(file, names -> {
            boolean isKnown = true;
            for (WindowPool pool : pools) {
                isKnown &= pool.freeAll(file, (slot, pins) -> names.add(name(pool, slot, pins)));
            }
            return isKnown;
        });
    }

    /// Puts the slots that a file was in over the empty one.
    ///
    /// @throws OsException if the kernel refuses; the file is out of all slots all the same
    void poison(MappedFile file, WindowCounts counts) {
        OsException refusal = null;
        for (WindowPool pool : pools) {
            try {
                pool.poison(file, counts);
            } catch (OsException e) {
                refusal = e;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
    }

    /// {@return the windows of a file that are out and reach behind `from`, as a message wants them}
    String lent(MappedFile file, long from) {
        return lent(file, names -> {
            boolean isKnown = true;
            for (WindowPool pool : pools) {
                isKnown &= pool.forEachPinned(file, (slot, pins) -> {
                    if (pool.byteOffset(slot) + (1L << pool.power()) > from) {
                        names.add(name(pool, slot, pins));
                    }
                });
            }
            return isKnown;
        });
    }

    private static String lent(MappedFile file, Predicate<List<String>> look) {
        List<String> names = new ArrayList<>();
        boolean isKnown = look.test(names);
        if (names.size() > NAMED_WINDOWS) {
            names.set(NAMED_WINDOWS, (names.size() - NAMED_WINDOWS) + " more");
            names.subList(NAMED_WINDOWS + 1, names.size()).clear();
        }
        if (!isKnown) {
            names.add("what a thread is about to lend");
        }
        if (file.copiesOut() > 0) {
            names.add("private copies to be written: " + file.copiesOut());
        }
        return String.join(", ", names);
    }

    private static String name(WindowPool pool, int slot, long pins) {
        return "byteOffset=%d byteSize=%d loans=%d".formatted(pool.byteOffset(slot), 1L << pool.power(), pins);
    }

    /// Gives the address space back; nothing is in the slots.
    ///
    /// @throws OsException if the kernel refuses
    void close() {
        for (WindowPool pool : pools) {
            pool.close();
        }
        if (poison != NO_DESCRIPTOR) {
            reservations.memory().closeMemory(poison);
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
        } catch (OsException e) {
            cause.addSuppressed(e);
        }
    }
}
