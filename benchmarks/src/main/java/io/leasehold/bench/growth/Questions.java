package io.leasehold.bench.growth;

import io.leasehold.bench.growth.buffer.BufferQuestions;
import io.leasehold.bench.growth.measure.GrowthQuestion;
import io.leasehold.bench.growth.page.PageQuestions;
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

    /// {@return the question of that name}
    ///
    /// @param id see [io.leasehold.bench.result.GrowthTopic#id()]
    /// @throws IllegalArgumentException if there is none, with the ids that there are
    static GrowthQuestion of(String id) {
        return ALL.stream()
                .filter(question -> question.topic().id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such question: id=" + id + ", ids are "
                        + ALL.stream().map(question -> question.topic().id()).collect(Collectors.joining(", "))));
    }
}
