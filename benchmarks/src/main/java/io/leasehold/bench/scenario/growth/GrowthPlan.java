package io.leasehold.bench.scenario.growth;

import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.question.Questions;
import io.leasehold.bench.subject.Form;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What the growth benchmark measures, in order.
///
/// @param batches each runs in its own JVM
/// @param budget approximate time of one measurement, without preparation and warm-up
/// @param batchMillis approximate time to start the JVM of a batch
/// @param taskMillis approximate time of a measurement with preparation and warm-up
public record GrowthPlan(List<Batch> batches, Duration budget, long batchMillis, long taskMillis) {

    /// Measurements that share a JVM.
    ///
    /// @param allocator that all of them use
    /// @param tasks in their order
    public record Batch(String allocator, List<Task> tasks) {}

    /// One measurement.
    ///
    /// @param question that is asked
    /// @param n value of `n`
    public record Task(GrowthQuestion question, long n) {}

    /// {@return the plan of a form}
    ///
    /// | form | values of n | JVMs |
    /// |---|---|---|
    /// | `ci` | the two smallest | one for each allocator, because starting a JVM takes longer than a measurement |
    /// | `short` | every second one of the lower part of the range | one for each measurement |
    /// | `full` | all | one for each measurement |
    public static GrowthPlan of(Form form) {
        return switch (form) {
            case CI -> new GrowthPlan(together(), Duration.ofMillis(20), 700, 120);
            case SHORT -> new GrowthPlan(alone(true), Duration.ofMillis(250), 600, 900);
            case FULL -> new GrowthPlan(alone(false), Duration.ofSeconds(1), 600, 4_500);
        };
    }

    /// {@return the part of this plan that asks one question}
    ///
    /// @param id of the question
    /// @throws IllegalArgumentException if the question is unknown
    public GrowthPlan only(String id) {
        GrowthQuestion question = Questions.of(id);
        List<Batch> fewer = batches.stream()
                .map(batch -> new Batch(
                        batch.allocator,
                        batch.tasks.stream()
                                .filter(task -> task.question.equals(question))
                                .toList()))
                .filter(batch -> !batch.tasks.isEmpty())
                .toList();
        return new GrowthPlan(fewer, budget, batchMillis, taskMillis);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return Math.ceilDiv(batches.stream().mapToLong(this::millis).sum(), 1000);
    }

    long millis(Batch batch) {
        return batchMillis + taskMillis * batch.tasks.size();
    }

    /// {@return the number of measurements}
    int countTasks() {
        return batches.stream().mapToInt(batch -> batch.tasks.size()).sum();
    }

    private static List<Batch> together() {
        return GrowthQuestion.BOTH.stream()
                .map(allocator -> new Batch(
                        allocator,
                        Questions.all().stream()
                                .filter(question -> question.allocators().contains(allocator))
                                .flatMap(question ->
                                        question.range().two().stream().map(n -> new Task(question, n)))
                                .toList()))
                .toList();
    }

    /// {@return batches of one measurement} The order of the allocators alternates, so that a machine that slows down
    /// affects both.
    private static List<Batch> alone(boolean isShort) {
        List<Batch> batches = new ArrayList<>();
        boolean isReversed = false;
        for (GrowthQuestion question : Questions.all()) {
            for (long n : isShort ? question.range().few() : question.range().all()) {
                List<String> allocators = question.allocators();
                for (String allocator : isReversed ? allocators.reversed() : allocators) {
                    batches.add(new Batch(allocator, List.of(new Task(question, n))));
                }
                isReversed = !isReversed;
            }
        }
        return batches;
    }
}
