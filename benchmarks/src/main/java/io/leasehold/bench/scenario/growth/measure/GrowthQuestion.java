package io.leasehold.bench.scenario.growth.measure;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.result.TextTable;
import io.leasehold.bench.subject.Allocators;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A question: how does the cost of one operation grow with `n`?
///
/// @param topic texts of the question
/// @param range values of `n`
/// @param allocators names of the allocators that are measured
/// @param touchedBytes approximate number of bytes that one measurement touches outside of the Java heap, for each `n`
/// @param measurement answers the question for one `n`
public record GrowthQuestion(
        GrowthTopic topic, GrowthRange range, List<String> allocators, long touchedBytes, Measurement measurement) {

    /// Both allocators, for questions that apply to both: Leasehold and Netty's default.
    public static final List<String> BOTH = List.of(Allocators.LEASED, "adaptive");

    private static final Map<String, GrowthTopic> TOPICS = TextTable.rows(GrowthQuestion.class, "topics.txt").stream()
            .map(row -> new GrowthTopic(
                    row.get(1),
                    row.get(4),
                    row.get(5),
                    row.get(3),
                    row.get(2),
                    row.get(0).equals("*")))
            .collect(Collectors.toMap(GrowthTopic::id, Function.identity()));

    /// Measures one value of `n` with one allocator.
    ///
    /// **Threads.** Each run opens what it needs and closes it.
    public interface Measurement {

        /// {@return the figures}
        ///
        /// @param load what is measured, and for how long
        /// @throws Exception if the measurement failed
        Point run(Load load) throws Exception;
    }

    /// {@return a question about Leasehold}
    ///
    /// @param id of its texts in the table `topics.txt`
    /// @param range values of `n`
    /// @param measurement answers the question for one `n`
    public static GrowthQuestion of(String id, GrowthRange range, Measurement measurement) {
        GrowthTopic topic = Objects.requireNonNull(TOPICS.get(id), id);
        return new GrowthQuestion(topic, range, List.of(Allocators.LEASED), 0, measurement);
    }

    /// {@return this question about both allocators}
    public GrowthQuestion ofBoth() {
        return new GrowthQuestion(topic, range, BOTH, touchedBytes, measurement);
    }

    /// {@return this question with the memory that a measurement needs}
    ///
    /// @param bytes touched for each `n`
    public GrowthQuestion touching(long bytes) {
        return new GrowthQuestion(topic, range, allocators, bytes, measurement);
    }
}
