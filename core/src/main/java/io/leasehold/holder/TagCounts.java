package io.leasehold.holder;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The counts of one source, by tag and size: a hash table with linear probing.
///
/// A lookup makes no object, unlike one in a map whose key has both. It is part of each allocation of a tagged thread.
/// Counts are never removed.
///
/// **Threads.** Thread-safe. A lookup takes no lock. It may miss a count that another thread has just added, and then
/// looks again under the lock. All fields of a [TagCount] are final, so a racy read of the table sees them.
final class TagCounts {

    private static final int MIN_LENGTH = 16;
    private static final int GOLDEN_RATIO = 0x9E3779B9; // as a factor, it spreads equal sizes and names over the table

    private final MemorySource source; // (C)
    private final int maxCounts; // (C)
    private volatile @Nullable TagCount[] table = new TagCount[MIN_LENGTH]; // (L) this; elements are read without it
    private int size; // (L) this

    /// Creates an empty table.
    ///
    /// @param source source of the counts
    /// @param maxCounts maximum number of counts
    TagCounts(MemorySource source, int maxCounts) {
        this.source = source;
        this.maxCounts = maxCounts;
    }

    /// {@return the count of a tag and size, or null if the table has too many others}
    @Nullable TagCount get(Tag tag, int byteSize) {
        TagCount found = find(table, tag, byteSize);
        return found != null ? found : findOrAdd(tag, byteSize);
    }

    private synchronized @Nullable TagCount findOrAdd(Tag tag, int byteSize) {
        @Nullable TagCount[] own = table;
        TagCount found = find(own, tag, byteSize);
        if (found != null || size >= maxCounts) {
            return found;
        }
        TagCount added = new TagCount(source, tag, byteSize);
        if (2 * (size + 1) > own.length) { // at least half of the slots are empty, so a search ends soon
            own = twice(own);
        }
        own[emptySlot(own, added)] = added;
        size++;
        table = own; // last: what failed before has changed nothing
        return added;
    }

    private static @Nullable TagCount[] twice(@Nullable TagCount[] old) {
        @Nullable TagCount[] longer = new TagCount[2 * old.length];
        for (TagCount count : old) {
            if (count != null) {
                longer[emptySlot(longer, count)] = count;
            }
        }
        return longer;
    }

    private static int emptySlot(@Nullable TagCount[] table, TagCount count) {
        int slot = firstSlot(table, count.tag(), count.byteSize());
        while (table[slot] != null) {
            slot = (slot + 1) & (table.length - 1);
        }
        return slot;
    }

    private static @Nullable TagCount find(@Nullable TagCount[] table, Tag tag, int byteSize) {
        int slot = firstSlot(table, tag, byteSize);
        TagCount count = table[slot];
        while (count != null && !count.isOf(tag, byteSize)) {
            slot = (slot + 1) & (table.length - 1);
            count = table[slot];
        }
        return count;
    }

    private static int firstSlot(@Nullable TagCount[] table, Tag tag, int byteSize) {
        return (((tag.hashCode() * 31 + byteSize) * GOLDEN_RATIO) >>> 16) & (table.length - 1);
    }

    /// {@return all counts; may be without those that are added meanwhile}
    List<TagCount> all() {
        List<TagCount> all = new ArrayList<>();
        for (TagCount count : table) {
            if (count != null) {
                all.add(count);
            }
        }
        return all;
    }
}
