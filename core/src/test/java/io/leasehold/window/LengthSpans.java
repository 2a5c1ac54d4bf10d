package io.leasehold.window;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// The lengths that a file may have after a power failure. While it grows, any length between the old and the new one
/// is possible; a truncation has two.
///
/// **Threads.** Confined to the test's thread.
final class LengthSpans {

    private record Span(long least, long most) {}

    private final List<Span> spans = new ArrayList<>();

    /// Creates the lengths of an empty file.
    LengthSpans() {
        add(0, 0);
    }

    void add(long least, long most) {
        spans.add(new Span(least, most));
    }

    /// Sets the possible current lengths.
    void become(long least, long most) {
        spans.clear();
        add(least, most);
    }

    /// Removes all lengths below a limit.
    void atLeast(long byteSize) {
        spans.removeIf(span -> span.most < byteSize);
        spans.replaceAll(span -> new Span(Math.max(span.least, byteSize), span.most));
    }

    boolean has(long byteSize) {
        return spans.stream().anyMatch(span -> span.least <= byteSize && byteSize <= span.most);
    }

    long choose(SplittableRandom random) {
        Span span = spans.get(random.nextInt(spans.size()));
        return switch (random.nextInt(3)) {
            case 0 -> span.least;
            case 1 -> span.most;
            default -> random.nextLong(span.least, span.most + 1);
        };
    }

    @Override
    public String toString() {
        return spans.toString();
    }
}
