package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a pool should be, in the plainest form: which windows have leases, and in which order the others were released.
///
/// It knows the window of every acquire beforehand: that of the page if it has one, else the next that was never used,
/// else the one that was released least recently.
///
/// **Threads.** Confined to one thread.
final class LeasePoolModel {

    /// The slot of an acquire from a direct map.
    static final int DIRECT = -1;

    /// A window in use.
    private static final class Window {
        private final int slot;
        private int leases;

        private Window(int slot) {
            this.slot = slot;
        }
    }

    private final int slots;
    private final long windowByteSize;
    private final Map<Long, Window> used = new HashMap<>(); // by the address of the page in its arena
    private final LinkedHashMap<Long, Integer> idle = new LinkedHashMap<>(); // slots, least recently released first
    private int touched; // slots that were ever used
    private long base; // address of slot 0, once it is known
    private int peak;
    private long hits;
    private long misses;
    private long failures;
    private int leases;

    LeasePoolModel(LeasePoolOptions options, long pageByteSize) {
        this.slots = options.slots();
        // a power of two, so that windows of three pages lie four apart
        this.windowByteSize = Long.highestOneBit(2L * options.windowPages() * pageByteSize - 1);
    }

    boolean isDirect() {
        return slots == 0;
    }

    int leases() {
        return leases;
    }

    /// {@return whether a page can be acquired without waiting}
    boolean isReady(long direct) {
        return isDirect() || used.size() < slots || used.containsKey(direct);
    }

    /// Acquires a page that is ready.
    ///
    /// @return its slot
    int acquire(long direct) {
        leases++;
        if (isDirect()) {
            return DIRECT;
        }
        Window window = used.get(direct);
        if (window == null) {
            Integer kept = idle.remove(direct);
            window = new Window(kept == null ? slotForMiss() : kept);
            used.put(direct, window);
            peak = Math.max(peak, used.size());
            misses += kept == null ? 1 : 0;
            hits += kept == null ? 0 : 1;
        } else {
            hits++;
        }
        window.leases++;
        return window.slot;
    }

    private int slotForMiss() {
        if (touched < slots) {
            return touched++;
        }
        Iterator<Integer> oldest = idle.values().iterator();
        int slot = oldest.next();
        oldest.remove();
        return slot;
    }

    void giveUp() {
        failures++;
    }

    void release(long direct) {
        leases--;
        @Nullable Window window = used.get(direct);
        if (window != null && --window.leases == 0) {
            used.remove(direct);
            idle.put(direct, window.slot);
        }
    }

    /// Checks the address of a lease.
    void checkAddress(int slot, long direct, long address) {
        if (slot != DIRECT && base == 0) {
            base = address - slot * windowByteSize;
        }
        assertThat(address)
                .as("address, slot=%d", slot)
                .isEqualTo(slot == DIRECT ? direct : base + slot * windowByteSize);
    }

    /// @param recordless leases that the pool does not count
    void checkStats(LeasePoolStats stats, int recordless) {
        long counted = isDirect() ? 0 : failures;
        assertThat(stats)
                .isEqualTo(
                        new LeasePoolStats(slots, used.size(), peak, hits, misses, 0, 0, counted, leases - recordless));
        assertThat(stats.free()).isEqualTo(slots - used.size());
    }

    @Override
    public String toString() {
        return "LeasePoolModel(slots=%d, used=%d, idle=%d, leases=%d, hits=%d, misses=%d, failures=%d)"
                .formatted(slots, used.size(), idle.size(), leases, hits, misses, failures);
    }
}
