package io.leasehold.bench.growth;

import io.leasehold.bench.growth.measure.GrowthQuestion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What the growth benchmark measures, in order.
///
/// @param batches each runs in a JVM of its own
/// @param budget about how long one measurement takes, beside preparing and warming up
/// @param batchMillis about how long the JVM of a batch takes to start
/// @param taskMillis about how long a measurement takes with all that belongs to it
public record GrowthPlan(List<Batch> batches, Duration budget, long batchMillis, long taskMillis) {

    /// Measurements that share a JVM.
    ///
    /// @param allocator that all of them use
    /// @param tasks in their order
    public record Batch(String allocator, List<Task> tasks) {}

    /// One measurement.
    ///
    /// @param question what is asked
    /// @param n how much there is
    public record Task(GrowthQuestion question, long n) {}

    /// {@return the plan of a form}
    ///
    /// | form | values of n | JVMs |
    /// |---|---|---|
    /// | `ci` | the two smallest | one for each allocator, since starting a JVM takes longer than a measurement |
    /// | `short` | every second one up to a part of the range | one for each measurement |
    /// | `full` | all | one for each measurement |
    ///
    /// @param form `ci`, `short` or `full`
    /// @throws IllegalArgumentException if there is no such form
    public static GrowthPlan of(String form) {
        return switch (form) {
            case "ci" -> new GrowthPlan(together(), Duration.ofMillis(20), 700, 120);
            case "short" -> new GrowthPlan(alone(true), Duration.ofMillis(250), 600, 900);
            case "full" -> new GrowthPlan(alone(false), Duration.ofSeconds(1), 600, 4_500);
            default -> throw new IllegalArgumentException("bench.time is ci, short or full, and not " + form);
        };
    }

    /// {@return the part of this plan that asks one question}
    ///
    /// @param id of the question
    /// @throws IllegalArgumentException if there is no such question
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

    /// {@return about how long all of it takes}
    public long expectedSeconds() {
        return Math.ceilDiv(batches.stream().mapToLong(this::millis).sum(), 1000);
    }

    long millis(Batch batch) {
        return batchMillis + taskMillis * batch.tasks.size();
    }

    /// {@return how many measurements there are}
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

    /// The order of the allocators alternates, so that a machine that slows down slows both.
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
