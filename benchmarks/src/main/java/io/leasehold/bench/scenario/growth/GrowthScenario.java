package io.leasehold.bench.scenario.growth;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.GrowthPlan.Batch;
import io.leasehold.bench.scenario.growth.GrowthPlan.Task;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// Runs a plan, with one JVM for each batch.
public final class GrowthScenario {

    private static final List<String> FLAGS = List.of(
            Allocators.MIN_HEAP,
            Allocators.MAX_HEAP,
            Allocators.NATIVE,
            "-Dio.netty.leakDetection.level=disabled",
            "-Dio.netty.maxDirectMemory=" + (16L << 30),
            "-Dbench.dir=" + System.getProperty("bench.dir", ""));

    private static final long LIMIT_MILLIS = 120_000;

    /// Memory that the JVM needs, with its heap.
    private static final long JVM_BYTES = 1536L << 20;

    private final GrowthPlan plan;
    private final Consumer<String> out;
    private final Map<GrowthTopic, Map<String, List<Point>>> points = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();
    private int begun;

    /// The outcome of a plan.
    ///
    /// @param results what was measured
    /// @param failures one sentence for each failed measurement
    public record Outcome(List<GrowthResult> results, List<String> failures) {}

    private GrowthScenario(GrowthPlan plan, Consumer<String> out) {
        this.plan = plan;
        this.out = out;
    }

    /// Runs a plan. After a failed measurement it continues with the next one.
    ///
    /// @param out receives lines that say what runs and what was measured
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public static Outcome run(GrowthPlan plan, Consumer<String> out) throws InterruptedException {
        return new GrowthScenario(plan, out).run();
    }

    private Outcome run() throws InterruptedException {
        long left = plan.batches().stream().mapToLong(plan::millis).sum();
        for (Batch batch : plan.batches()) {
            List<Task> tasks = batch.tasks().stream().filter(this::hasMemory).toList();
            if (!tasks.isEmpty()) {
                run(new Batch(batch.allocator(), tasks), left / 1000);
            }
            left -= plan.millis(batch);
        }
        return new Outcome(results(), failures);
    }

    private boolean hasMemory(Task task) {
        long needed = JVM_BYTES + task.question().touchedBytes() * task.n();
        long available = SystemMemory.availableBytes();
        if (needed > available) {
            begun++;
            out.accept("growth: %s left out: not enough memory: min=%d MiB, available=%d MiB"
                    .formatted(words(task), needed >> 20, available >> 20));
        }
        return needed <= available;
    }

    private void run(Batch batch, long secondsLeft) throws InterruptedException {
        List<String> args = new ArrayList<>(
                List.of(batch.allocator(), Long.toString(plan.budget().toMillis())));
        for (Task task : batch.tasks()) {
            args.add(task.question().topic().id());
            args.add(Long.toString(task.n()));
        }
        int done = 0;
        try (ChildJvm child = ChildJvm.start("the growth benchmark", GrowthProcess.class, FLAGS, args)) {
            for (Task task : batch.tasks()) {
                out.accept("growth %d of %d: %s, %s; about %d s left"
                        .formatted(++begun, plan.countTasks(), words(task), batch.allocator(), secondsLeft));
                take(task, batch.allocator(), child.await(GrowthProcess.PREFIX, LIMIT_MILLIS));
                done++;
            }
            child.await("closed", LIMIT_MILLIS);
        } catch (IOException e) {
            for (Task task : batch.tasks().subList(done, batch.tasks().size())) {
                failed(task, batch.allocator(), String.valueOf(e.getMessage()));
            }
        }
    }

    private void take(Task task, String allocator, String said) throws IOException {
        if (said.startsWith(GrowthProcess.FAILED)) {
            failed(task, allocator, said.substring(GrowthProcess.FAILED.length()));
            return;
        }
        Point point = ChildJvm.parse(said, Point.class);
        points.computeIfAbsent(task.question().topic(), topic -> new LinkedHashMap<>())
                .computeIfAbsent(allocator, name -> new ArrayList<>())
                .add(point);
        Double wait = point.worstWaitMillis();
        out.accept(String.format(
                Locale.ROOT,
                "  %,.1f %s%s",
                point.cost(),
                task.question().topic().unit(),
                wait == null ? "" : String.format(Locale.ROOT, ", worst wait %.2f ms", wait)));
    }

    private void failed(Task task, String allocator, String message) {
        failures.add(words(task) + ", " + allocator + ": " + message);
        out.accept("  failed and left out: " + message);
    }

    private static String words(Task task) {
        GrowthTopic topic = task.question().topic();
        return String.format(Locale.ROOT, "%s, %,d %s", topic.title(), task.n(), topic.growing());
    }

    /// {@return the results in the order of the questions, Leasehold first}
    private List<GrowthResult> results() {
        List<GrowthResult> results = new ArrayList<>();
        points.forEach((topic, sides) -> results.add(new GrowthResult(
                topic,
                sides.entrySet().stream()
                        .sorted(Map.Entry.<String, List<Point>>comparingByKey().reversed())
                        .map(side -> new Series(side.getKey(), side.getValue()))
                        .toList())));
        return results;
    }
}
