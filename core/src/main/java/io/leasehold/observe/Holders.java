package io.leasehold.observe;

import io.leasehold.holder.Held;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.SourceKind;
import io.leasehold.memory.OptionChecks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Answers which component holds memory now.
///
/// **Cost.** Each call reads the counts of all open allocators, arenas, pools and window caches of the process. Call it
/// for people and dashboards, not for each request.
///
/// **Threads.** Thread-safe. The sources are read one after the other.
public final class Holders {

    private Holders() {}

    /// {@return the memory in use by source, tag and size, the most bytes first} The numbers are exact.
    public static List<Holding> exact() {
        List<Holding> all = new ArrayList<>();
        for (MemorySource source : MemorySource.all()) {
            for (Held held : source.held()) {
                all.add(new Holding(
                        nameOf(held.kind()), held.source(), held.tag().name(), held.byteSize(), held.blocks()));
            }
        }
        all.sort(Comparator.comparingLong(Holding::bytes).reversed());
        return all;
    }

    /// {@return the holders as text for people: the exact numbers by tag, source and size, and then the samples}
    ///
    /// @param rows maximum number of rows of each table, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    public static String toTable(int rows) {
        OptionChecks.atLeast("rows", rows, 1);
        return HolderTable.exact(exact(), rows) + Profile.now().toTable(rows);
    }

    private static String nameOf(SourceKind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
