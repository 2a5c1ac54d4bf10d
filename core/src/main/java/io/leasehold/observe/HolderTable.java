package io.leasehold.observe;

import static io.leasehold.text.Texts.format;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The tables of holders that people read.
///
/// ```text
/// by tag                         bytes    share    blocks  samples      leaked    oldest
///   cache                   67,108,864     80 %     1,024      130           0      12 s
/// by stack ...
///   com.acme.Cache.put      67,108,864     80 %     1,024      130           0      12 s
///     < com.acme.Server.read(Server.java:12)
/// ```
///
/// **Threads.** Stateless.
final class HolderTable {

    private static final int NAME_COLUMNS = 40;

    /// Number of callers below the innermost frame of a stack.
    static final int SHOWN_CALLERS = 5;

    private HolderTable() {}

    /// A row: the sum of some holders.
    private static final class Sum {

        private long bytes; // (O)
        private long blocks; // (O)
        private long samples; // (O)
        private long leakedBytes; // (O)
        private Duration oldest = Duration.ZERO; // (O)

        void add(SampledHolder holder) {
            bytes += holder.bytes();
            blocks += holder.blocks();
            samples += holder.samples();
            leakedBytes += holder.leakedBytes();
            oldest = holder.oldest().compareTo(oldest) > 0 ? holder.oldest() : oldest;
        }
    }

    /// {@return the table of exact holdings}
    ///
    /// @param holdings the holdings, the largest first
    /// @param rows maximum number of rows
    static String exact(List<Holding> holdings, int rows) {
        StringBuilder text = new StringBuilder(512);
        text.append(format("%-30s %-12s %-26s %12s %11s %17s%n", "tag", "kind", "source", "block", "blocks", "bytes"));
        for (Holding holding : holdings.subList(0, Math.min(rows, holdings.size()))) {
            text.append(format(
                    "%-30s %-12s %-26s %,12d %,11d %,17d%n",
                    holding.tag(),
                    holding.kind(),
                    holding.source(),
                    holding.byteSize(),
                    holding.blocks(),
                    holding.bytes()));
        }
        appendRest(text, holdings.size() - rows);
        return text.append(System.lineSeparator()).toString();
    }

    private static void appendRest(StringBuilder text, int rows) {
        if (rows > 0) {
            text.append("  and ").append(rows).append(" more").append(System.lineSeparator());
        }
    }

    /// {@return the tables of some holders}
    ///
    /// @param holders the holders, the largest first
    /// @param byAge the same memory, with the blocks of each [#ageBand] apart
    /// @param rows maximum number of rows of each table
    static String of(List<SampledHolder> holders, List<SampledHolder> byAge, int rows) {
        StringBuilder text = new StringBuilder(1024);
        append(text, "by tag", holders, SampledHolder::tag, rows);
        append(text, "by size", holders, h -> format("%,d B", h.byteSize()), rows);
        append(text, "by age", byAge, h -> h.samples() == 0 ? "not sampled" : ageBand(h.oldest()), rows);
        append(text, "by stack", holders, HolderTable::stack, rows);
        return text.toString();
    }

    private static void append(
            StringBuilder text,
            String title,
            List<SampledHolder> holders,
            Function<SampledHolder, String> key,
            int rows) {
        Map<String, Sum> sums = new LinkedHashMap<>();
        Sum total = new Sum();
        for (SampledHolder holder : holders) {
            sums.computeIfAbsent(key.apply(holder), k -> new Sum()).add(holder);
            total.add(holder);
        }
        text.append(format(
                "%-" + NAME_COLUMNS + "s %17s %6s %11s %8s %15s %9s%n",
                title,
                "bytes",
                "share",
                "blocks",
                "samples",
                "leaked",
                "oldest"));
        List<Map.Entry<String, Sum>> sorted = new ArrayList<>(sums.entrySet());
        sorted.sort((a, b) -> Long.compare(b.getValue().bytes, a.getValue().bytes));
        for (Map.Entry<String, Sum> row : sorted.subList(0, Math.min(rows, sorted.size()))) {
            String[] lines = row.getKey().split("\n", -1);
            Sum sum = row.getValue();
            text.append(format(
                    "  %-" + (NAME_COLUMNS - 2) + "s %,17d %4d %% %,11d %,8d %,15d %,7d s%n",
                    lines[0],
                    sum.bytes,
                    Math.round(100.0 * sum.bytes / Math.max(1, total.bytes)),
                    sum.blocks,
                    sum.samples,
                    sum.leakedBytes,
                    sum.oldest.toSeconds()));
            for (int i = 1; i < lines.length; i++) {
                text.append("    ").append(lines[i]).append(System.lineSeparator());
            }
        }
        appendRest(text, sorted.size() - rows);
    }

    /// {@return the row of the table by age that a block belongs to}
    ///
    /// @param age age of the block
    static String ageBand(Duration age) {
        if (age.compareTo(Duration.ofSeconds(1)) < 0) {
            return "less than 1 s";
        }
        if (age.compareTo(Duration.ofMinutes(1)) < 0) {
            return "1 s to 1 min";
        }
        return age.compareTo(Duration.ofHours(1)) < 0 ? "1 min to 1 h" : "more than 1 h";
    }

    /// {@return the innermost frame, its callers and the last touch, on a line each}
    private static String stack(SampledHolder holder) {
        List<String> stack = holder.stack();
        StringBuilder text = new StringBuilder(stack.isEmpty() ? "unknown" : stack.getFirst());
        stack.stream()
                .skip(1)
                .limit(SHOWN_CALLERS)
                .forEach(frame -> text.append("\n< ").append(frame));
        if (holder.lastTouch() != null) {
            text.append("\nlast touch: ").append(holder.lastTouch());
        }
        return text.toString();
    }
}
