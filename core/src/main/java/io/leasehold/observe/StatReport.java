package io.leasehold.observe;

import static io.leasehold.text.Texts.format;

import io.leasehold.holder.CallStack;
import io.leasehold.observe.counters.CounterSnapshot;
import io.leasehold.observe.counters.CounterSnapshot.Counter;
import io.leasehold.observe.counters.CounterType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The text of `stat`: a table for people, or JSON.
///
/// ```text
/// process 4711, runs, last change 0.2 s ago
/// web: limit 268,435,456 B, committed 4,317,184 B, pinned 4,282,240 B in 1,260 buffers, cached 9,664 B
///   refusals 0, reclaims 3, decommits 12, kernel faults 0
///          block       live            held
///          4,096      1,000       4,096,000
///   holder cache: 4,096,000 B
///   about 4,194,304 B at com.acme.Cache.put(Cache.java:47) < com.acme.Web.read(Web.java:113)
/// ```
///
/// **Threads.** Stateless.
final class StatReport {

    private static final double MILLIS = 1000;

    private StatReport() {}

    /// The counters of one allocator.
    private static final class Allocator {

        private final Map<CounterType, Long> totals = new TreeMap<>(); // (O)
        private final Map<Long, Long> live =
                new TreeMap<>(Comparator.comparingLong((Long key) -> key < 0 ? 1L << 40 : 0)
                        .thenComparingLong(Math::abs)); // (O) blocks by size, negative on the Java heap and last
        private final Map<Long, Long> held = new TreeMap<>(); // (O)
        private final List<Counter> holders = new ArrayList<>(); // (O)
        private final List<Counter> stacks = new ArrayList<>(); // (O)
        private String name = "?"; // (O)

        void add(Counter counter, CounterType type) {
            switch (type) {
                case ALLOCATOR -> name = counter.label();
                case CLASS_LIVE -> live.put(counter.key(), counter.value());
                case CLASS_HELD -> held.put(counter.key(), counter.value());
                case HOLDER -> holders.add(counter);
                case STACK -> stacks.add(counter);
                default -> totals.put(type, counter.value());
            }
        }

        long total(CounterType type) {
            return totals.getOrDefault(type, 0L);
        }

        long held(long key) {
            return held.getOrDefault(key, 0L);
        }

        /// {@return the size classes that hold memory}
        List<Long> sizes() {
            return live.keySet().stream().filter(key -> held(key) > 0).toList();
        }

        List<Counter> holders() {
            return largestFirst(holders);
        }

        List<Counter> stacks() {
            return largestFirst(stacks);
        }

        private static List<Counter> largestFirst(List<Counter> counters) {
            return counters.stream()
                    .filter(holder -> holder.value() > 0)
                    .sorted(Comparator.comparingLong(Counter::value).reversed())
                    .toList();
        }
    }

    private static List<Allocator> allocators(CounterSnapshot snapshot) {
        Map<Integer, Allocator> allocators = new TreeMap<>();
        for (Counter counter : snapshot.counters()) {
            CounterType type = CounterType.of(counter.type());
            if (type != null) {
                allocators
                        .computeIfAbsent(counter.owner(), owner -> new Allocator())
                        .add(counter, type);
            }
        }
        return List.copyOf(allocators.values());
    }

    /// {@return the numbers as a table}
    static String table(CounterSnapshot snapshot) {
        StringBuilder text = new StringBuilder(1024);
        text.append(format(
                "process %d, %s, last change %.1f s ago%n",
                snapshot.pid(), snapshot.isAlive() ? "runs" : "ended", ageSeconds(snapshot)));
        if (snapshot.isFull()) {
            int counters = snapshot.counters().size();
            text.append(
                    format("counter file is full, numbers may be missing: counters=%d, max=%d%n", counters, counters));
        }
        List<Allocator> allocators = allocators(snapshot);
        if (allocators.isEmpty()) {
            text.append(format("no allocator is open%n"));
        }
        for (Allocator allocator : allocators) {
            append(text, allocator);
        }
        return text.toString();
    }

    private static double ageSeconds(CounterSnapshot snapshot) {
        return Math.max(0, System.currentTimeMillis() - snapshot.heartbeatMillis()) / MILLIS;
    }

    private static void append(StringBuilder text, Allocator a) {
        text.append(format(
                "%s: limit %,d B, committed %,d B, pinned %,d B in %,d buffers, cached %,d B%n"
                        + "  refusals %,d, reclaims %,d, decommits %,d, kernel faults %,d%n",
                a.name,
                a.total(CounterType.LIMIT),
                a.total(CounterType.COMMITTED),
                a.total(CounterType.PINNED),
                a.total(CounterType.PINNED_BUFFERS),
                a.total(CounterType.CACHED),
                a.total(CounterType.REFUSALS),
                a.total(CounterType.RECLAIMS),
                a.total(CounterType.DECOMMITS),
                a.total(CounterType.KERNEL_FAULTS)));
        if (!a.sizes().isEmpty()) {
            text.append(format("  %12s %10s %15s%n", "block", "live", "held"));
        }
        for (long size : a.sizes()) {
            text.append(format(
                    "  %,12d %,10d %,15d%s%n",
                    Math.abs(size), a.live.get(size), a.held(size), size < 0 ? "  Java heap" : ""));
        }
        for (Counter holder : a.holders()) {
            text.append(format("  holder %s: %,d B%n", holder.label(), holder.value()));
        }
        for (Counter stack : a.stacks()) {
            text.append(format("  about %,d B at %s%n", stack.value(), stack.label()));
        }
    }

    /// {@return the stacks as collapsed stacks} Each line has the allocator, up to three frames of a stack from the
    /// outermost one on, and the bytes.
    static String collapsed(CounterSnapshot snapshot) {
        StringBuilder text = new StringBuilder(1024);
        for (Allocator allocator : allocators(snapshot)) {
            for (Counter stack : allocator.stacks()) {
                List<String> names = new ArrayList<>();
                CallStack.framesOf(stack.label()).forEach(frame -> names.add(frame.type() + "." + frame.method()));
                names.add(allocator.name);
                names.replaceAll(name -> name.replace(';', ','));
                text.append(String.join(";", names.reversed()))
                        .append(' ')
                        .append(stack.value())
                        .append(System.lineSeparator());
            }
        }
        return text.toString();
    }

    /// Adds the stacks to a profile, with up to three frames each.
    static void addStacks(CounterSnapshot snapshot, Pprof profile) {
        for (Allocator allocator : allocators(snapshot)) {
            for (Counter stack : allocator.stacks()) {
                profile.addInUse(CallStack.framesOf(stack.label()), stack.value(), allocator.name);
            }
        }
    }

    /// {@return the numbers as one line of JSON}
    static String json(CounterSnapshot snapshot) {
        StringBuilder text = new StringBuilder(1024);
        text.append("{\"pid\":").append(snapshot.pid());
        text.append(",\"alive\":").append(snapshot.isAlive());
        text.append(",\"full\":").append(snapshot.isFull());
        text.append(",\"lastChange\":");
        quote(text, Instant.ofEpochMilli(snapshot.heartbeatMillis()).toString());
        text.append(",\"allocators\":[");
        String separator = "";
        for (Allocator allocator : allocators(snapshot)) {
            text.append(separator);
            appendJson(text, allocator);
            separator = ",";
        }
        return text.append("]}").append(System.lineSeparator()).toString();
    }

    private static void appendJson(StringBuilder text, Allocator a) {
        text.append("{\"name\":");
        quote(text, a.name);
        a.totals.forEach((type, value) ->
                text.append(",\"").append(camel(type.label())).append("\":").append(value));
        text.append(",\"classes\":[");
        String separator = "";
        for (long size : a.sizes()) {
            text.append(separator).append("{\"blockBytes\":").append(Math.abs(size));
            text.append(",\"direct\":").append(size > 0);
            text.append(",\"liveBlocks\":").append(a.live.get(size));
            text.append(",\"heldBytes\":").append(a.held(size)).append('}');
            separator = ",";
        }
        text.append("],\"holders\":[");
        appendJson(text, "tag", a.holders());
        text.append("],\"stacks\":[");
        appendJson(text, "stack", a.stacks());
        text.append("]}");
    }

    private static void appendJson(StringBuilder text, String nameOfLabel, List<Counter> counters) {
        String separator = "";
        for (Counter counter : counters) {
            text.append(separator).append("{\"").append(nameOfLabel).append("\":");
            quote(text, counter.label());
            text.append(",\"bytes\":").append(counter.value()).append('}');
            separator = ",";
        }
    }

    private static String camel(String words) {
        StringBuilder camel = new StringBuilder();
        boolean isUpper = false;
        for (int i = 0; i < words.length(); i++) {
            char c = words.charAt(i);
            if (c == ' ') {
                isUpper = true;
            } else {
                camel.append(isUpper ? Character.toUpperCase(c) : c);
                isUpper = false;
            }
        }
        return camel.toString();
    }

    private static void quote(StringBuilder text, @Nullable String value) {
        text.append('"');
        for (char c : String.valueOf(value).toCharArray()) {
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
