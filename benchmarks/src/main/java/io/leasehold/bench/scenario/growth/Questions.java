package io.leasehold.bench.scenario.growth;

import io.leasehold.bench.scenario.growth.buffer.BufferQuestions;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.page.PageQuestions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// All questions of the growth benchmark.
final class Questions {

    private static final List<GrowthQuestion> ALL = Stream.concat(
                    BufferQuestions.all().stream(), PageQuestions.all().stream())
            .toList();

    private Questions() {}

    /// {@return the questions in the order of the report}
    static List<GrowthQuestion> all() {
        return ALL;
    }

    /// {@return the question with an id}
    ///
    /// @param id see [io.leasehold.bench.result.GrowthTopic#id()]
    /// @throws IllegalArgumentException if the id is unknown, with all ids
    static GrowthQuestion of(String id) {
        return ALL.stream()
                .filter(question -> question.topic().id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown question: id=" + id + "; use one of "
                        + ALL.stream().map(question -> question.topic().id()).collect(Collectors.joining(", "))));
    }
}
