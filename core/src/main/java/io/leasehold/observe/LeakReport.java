package io.leasehold.observe;

import static io.leasehold.text.Texts.format;

import io.leasehold.holder.CallStack;
import io.leasehold.holder.CallStack.Frame;
import io.leasehold.holder.Site;
import io.leasehold.holder.Tag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The report of memory that leaked, or may have leaked, by the place that allocated it.
///
/// ```text
/// leaked: garbage that was not released: 3,145,728 B in 3 blocks
///   3,145,728 B in 3 blocks, tag=web, oldest=12 s, at com.acme.Decoder.decode(Decoder.java:47)
///     < com.acme.Server.read(Server.java:12)
///     2,097,152 B last touched: 'decoder' will handle the message from this point.
///     1,048,576 B not touched
/// ```
///
/// **Threads.** Stateless.
final class LeakReport {

    private static final int SHOWN_TOUCHES = 5;

    private LeakReport() {}

    private record Place(CallStack stack, Tag tag) {}

    /// A row: the sum of some samples.
    private static final class Sum {

        private final Map<String, Double> bytesByTouch = new LinkedHashMap<>(); // (O)
        private double blocks; // (O)
        private double bytes; // (O)
        private long oldestNanos; // (O)

        void add(Site sample) {
            blocks += sample.blocks();
            bytes += sample.bytes();
            oldestNanos = Math.max(oldestNanos, sample.oldestNanos());
            String touch = sample.lastTouch() == null ? "not touched" : "last touched: " + sample.lastTouch();
            bytesByTouch.merge(touch, sample.bytes(), Double::sum);
        }

        double bytes() {
            return bytes;
        }

        @Override
        public String toString() {
            return format("%,d B in %,d blocks", Math.round(bytes), Math.round(blocks));
        }
    }

    /// {@return the report}
    ///
    /// @param title what the samples have in common
    /// @param samples a site for each sample
    /// @param rows maximum number of places
    static String of(String title, List<Site> samples, int rows) {
        Map<Place, Sum> sums = new LinkedHashMap<>();
        Sum total = new Sum();
        for (Site sample : samples) {
            sums.computeIfAbsent(new Place(sample.stack(), sample.tag()), place -> new Sum())
                    .add(sample);
            total.add(sample);
        }
        StringBuilder text = new StringBuilder(1024);
        text.append(title).append(": ").append(total).append(System.lineSeparator());
        List<Map.Entry<Place, Sum>> sorted = new ArrayList<>(sums.entrySet());
        sorted.sort(Comparator.comparingDouble(
                        (Map.Entry<Place, Sum> row) -> row.getValue().bytes())
                .reversed());
        for (Map.Entry<Place, Sum> row : sorted.subList(0, Math.min(rows, sorted.size()))) {
            append(text, row.getKey(), row.getValue());
        }
        appendRest(text, "  ", sorted.size() - rows);
        return text.toString();
    }

    private static void append(StringBuilder text, Place place, Sum sum) {
        text.append(format(
                "  %s, tag=%s, oldest=%,d s, at %s%n",
                sum, place.tag, TimeUnit.NANOSECONDS.toSeconds(sum.oldestNanos), place.stack));
        List<Frame> frames = place.stack.frames();
        for (Frame caller :
                frames.subList(Math.min(1, frames.size()), Math.min(1 + HolderTable.SHOWN_CALLERS, frames.size()))) {
            text.append("    < ").append(caller).append(System.lineSeparator());
        }
        List<Map.Entry<String, Double>> touches = new ArrayList<>(sum.bytesByTouch.entrySet());
        touches.sort(Map.Entry.<String, Double>comparingByValue().reversed());
        for (Map.Entry<String, Double> touch : touches.subList(0, Math.min(SHOWN_TOUCHES, touches.size()))) {
            text.append(format("    %,d B %s%n", Math.round(touch.getValue()), touch.getKey()));
        }
        appendRest(text, "    ", touches.size() - SHOWN_TOUCHES);
    }

    private static void appendRest(StringBuilder text, String indent, int rows) {
        if (rows > 0) {
            text.append(indent).append("and ").append(rows).append(" more").append(System.lineSeparator());
        }
    }
}
