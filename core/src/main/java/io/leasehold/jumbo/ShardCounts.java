package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.BiasedSlot;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.function.LongConsumer;

/// Reads the contents of shards without stopping their threads. Results are snapshots and may be stale.
///
/// **Cost.** Sums read each slot and queue that was ever used; there are no more of them than threads. [#isCached],
/// [#forEachCached] and [#checkInvariants] read every page in them, and are for errors and tests.
///
/// **Threads.** Thread-safe. Exact while no other thread uses the pool.
final class ShardCounts {

    private final Shards shards; // (C)

    ShardCounts(Shards shards) {
        this.shards = shards;
    }

    /// {@return the number of pages in magazines, in queues, or on their way to the slab pool; may be stale}
    int cachedPages() {
        int sum = 0;
        for (int shard = 1; shard <= shards.lastShard(); shard++) {
            sum += queueSize(shard);
        }
        // pages move from a queue to its magazine, and from both to the slab pool by way of `transit`: read in that
        // order
        VarHandle.loadLoadFence();
        sum += sum(Shards.DEPTH);
        VarHandle.loadLoadFence();
        return sum + shards.transit();
    }

    /// {@return the number of pages that were armed in slots; may be stale}
    int armed() {
        return sum(Shards.ARMED);
    }

    /// {@return the sum of a cell over all slots} Allocates nothing on the Java heap.
    private int sum(int cell) {
        int sum = 0;
        for (int i = 0; i < shards.slots().slotCount(); i++) {
            BiasedSlot slot = shards.slots().slot(i);
            sum += slot == null ? 0 : slot.peek(cell);
        }
        return sum;
    }

    /// {@return the number of pages that were freed into magazines and queues; may be stale}
    long returned() {
        long[] sum = new long[1];
        shards.slots()
                .forEach(slot ->
                        sum[0] += Shards.entry(slot.peek(Shards.RETURNED_LOW), slot.peek(Shards.RETURNED_HIGH)));
        return sum[0];
    }

    /// {@return true if a page is in a magazine or queue; may be stale} Reads every entry.
    boolean isCached(int page) {
        boolean[] found = new boolean[1];
        forEachCached(next -> found[0] |= JumboLayout.page(next) == page);
        return found[0];
    }

    /// Passes the next handles of all pages in magazines and queues to a reader. A snapshot; may be stale.
    void forEachCached(LongConsumer reader) {
        shards.slots().forEach(slot -> {
            for (int i = Math.min(slot.peek(Shards.DEPTH), shards.maxDepth) - 1; i >= 0; i--) {
                reader.accept(entry(slot, i) & Long.MAX_VALUE);
            }
        });
        for (int shard = 1; shard <= shards.lastShard(); shard++) {
            RemoteFreeQueue queue = shards.queue(shard);
            if (queue != null) {
                queue.forEach(reader);
            }
        }
    }

    /// Checks the invariants of [Shards]. Exact only while no other thread uses the pool.
    void checkInvariants() {
        BitSet cached = new BitSet();
        forEachCached(next -> {
            JumboPage<?> page = shards.page(JumboLayout.page(next));
            if (cached.get(page.index()) || page.word() != JumboLayout.leasedWord(next)) {
                throw new AssertionError(format("I1, I3: handle=0x%x, %s of %s", next, page, shards));
            }
            cached.set(page.index());
        });
        int[] open = new int[1];
        shards.slots().forEach(slot -> {
            open[0] += slot.peek(Shards.CAPACITY) > 0 ? 1 : 0;
            checkSlot(slot);
        });
        if (open[0] != shards.openSlots() || (!shards.areOpen() && !cached.isEmpty())) {
            throw new AssertionError(format("I4: open=%d, cached=%s of %s", open[0], cached, shards));
        }
    }

    private void checkSlot(BiasedSlot slot) {
        int shard = slot.peek(Shards.SHARD);
        int queued = shard > Shards.NO_SHARD ? queueSize(shard) : 0;
        int owned = slot.peek(Shards.OWNED);
        int depth = slot.peek(Shards.DEPTH);
        for (int i = 0; i < depth; i++) {
            long entry = entry(slot, i);
            JumboPage<?> page = shards.page(JumboLayout.page(entry));
            if (page.ownerShard() != (entry < 0 ? shard : Shards.NO_SHARD)) {
                throw new AssertionError(format("I3: shard=%d, entry=0x%x, %s", shard, entry, page));
            }
        }
        if (owned < queued || owned > shards.queueCapacity || depth < 0 || depth > shards.maxDepth) {
            throw new AssertionError(
                    format("I2: shard=%d, owned=%d, queued=%d, depth=%d of %s", shard, owned, queued, depth, shards));
        }
    }

    private static long entry(BiasedSlot slot, int depth) {
        int at = Shards.MAGAZINE + 2 * depth;
        return Shards.entry(slot.peek(at), slot.peek(at + 1));
    }

    private int queueSize(int shard) {
        RemoteFreeQueue queue = shards.queue(shard);
        return queue == null ? 0 : queue.size();
    }

    @Override
    public String toString() {
        return "ShardCounts(" + shards + ")";
    }
}
