package io.leasehold.bench.scenario.growth;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.GrowthPlan.Batch;
import io.leasehold.bench.scenario.growth.GrowthPlan.Task;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.question.Questions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The scenario with its processes, in its smallest form.
class GrowthScenarioTest {

    /// {@return a question that the process does not know}
    private static GrowthQuestion unknown(long touchedBytes) {
        GrowthTopic topic = new GrowthTopic("unknown", "Unknown", "What is it?", "things", "ns/thing", false);
        return new GrowthQuestion(topic, new GrowthRange(1, 2, 2), List.of("leased"), touchedBytes, load -> {
            throw new UnsupportedOperationException();
        });
    }

    @Test
    void measuresValidTasksAndReportsTheOthers() throws Exception {
        GrowthQuestion sizes = Questions.of("small-sizes");
        List<Task> tasks = List.of(
                new Task(sizes, 1),
                new Task(unknown(0), 1),
                new Task(unknown(Long.MAX_VALUE >> 1), 1),
                new Task(sizes, 2));
        GrowthPlan plan = new GrowthPlan(
                List.of(new Batch("adaptive", tasks.subList(0, 1)), new Batch("leased", tasks)),
                Duration.ofMillis(5),
                500,
                100);
        List<String> said = new ArrayList<>();

        GrowthScenario.Outcome outcome = GrowthScenario.run(plan, said::add);

        said.forEach(System.out::println);
        assertThat(said).anyMatch(line -> line.contains("left out: not enough memory"));
        assertThat(outcome.failures())
                .singleElement()
                .asString()
                .startsWith("Unknown, 1 things, leased: ")
                .contains("unknown question: id=unknown");
        assertThat(outcome.results()).singleElement().satisfies(result -> {
            assertThat(result.topic()).isEqualTo(sizes.topic());
            assertThat(result.series()).extracting(Series::allocator).containsExactly("leased", "adaptive");
            assertThat(result.series().getFirst().points()).extracting(Point::n).containsExactly(1L, 2L);
            assertThat(result.series().getFirst().points()).allMatch(point -> point.cost() > 0);
        });
        assertThat(ProcessHandle.current().children()).isEmpty();
    }
}
