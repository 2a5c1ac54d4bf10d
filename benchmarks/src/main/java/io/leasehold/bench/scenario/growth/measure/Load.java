package io.leasehold.bench.scenario.growth.measure;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// One measurement to be made.
///
/// @param allocator name of the allocator
/// @param n value of `n`
/// @param budget approximate time to measure; the warm-up may take the same time again
public record Load(String allocator, long n, Duration budget) {

    /// Off, because leak records would dominate the measurement.
    private static final String LEAK_LEVEL = "disabled";

    private static final double NANOS_PER_MILLI = 1e6;
    private static final int STOP_SECONDS = 10;

    /// Code that uses the measured allocator.
    ///
    /// @param <T> type of the result
    public interface Use<T> {

        /// Uses the allocator.
        T with(ByteBufAllocator allocator) throws Exception;
    }

    /// {@return `n` as an `int`}
    public int count() {
        return Math.toIntExact(n);
    }

    /// {@return the budget in nanoseconds}
    public long nanos() {
        return budget.toNanos();
    }

    /// {@return the budget in seconds}
    public double seconds() {
        return budget.toNanos() / 1e9;
    }

    /// Opens the allocator, uses it and closes it. If `use` throws, the allocator stays open.
    ///
    /// @param use runs on the calling thread, and releases every buffer before it returns
    /// @return what `use` returns
    public <T> T open(Use<T> use) throws Exception {
        ByteBufAllocator opened = Allocators.open(allocator, LEAK_LEVEL);
        T result = use.with(opened);
        Allocators.close(opened);
        return result;
    }

    /// Opens the allocator, uses it on an event loop and closes it. Netty's adaptive allocator has its fast path only
    /// on event loops.
    ///
    /// @param use runs on the event loop, and releases every buffer before it returns
    /// @return what `use` returns
    public <T> T openOnLoop(Use<T> use) throws Exception {
        return open(opened -> onLoop(() -> use.with(opened)));
    }

    /// Opens an allocator of Leasehold with a limit.
    ///
    /// @param byteLimit maximum number of bytes in use
    /// @return the allocator, to be closed by the caller
    public static LeasedByteBufAllocator openLimited(long byteLimit) {
        return LeasedByteBufAllocator.builder()
                .name("growth")
                .byteLimit(byteLimit)
                .build();
    }

    /// {@return options of an arena with its own budget, independent of the machine's memory}
    ///
    /// @param byteSize of the arena
    public static PageArenaOptions arenaOptions(long byteSize) {
        return PageArenaOptions.builder()
                .name("growth")
                .byteSize(byteSize)
                .budget(MemoryBudget.of("growth", 2 * byteSize))
                .build();
    }

    /// {@return an arena of `mib` MiB with its own budget, to be closed by the caller}
    public static PageArena openArena(long mib) {
        return PageArena.open(arenaOptions(mib << 20));
    }

    /// Runs work on an event loop and waits for it.
    ///
    /// @param work to run
    /// @return what `work` returns
    /// @throws IllegalStateException if `work` throws, with the text of what it threw
    public static <T> T onLoop(Callable<T> work) throws Exception {
        DefaultEventExecutor loop = new DefaultEventExecutor();
        try {
            return loop.submit(work).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(String.valueOf(e.getCause()), e);
        } finally {
            loop.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).await();
        }
    }

    /// Waits for a multiple of the budget, at most one second.
    public void pause(double budgets) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.min((long) (budgets * nanos()), TimeUnit.SECONDS.toNanos(1)));
    }

    /// An operation that is timed.
    public interface Operation {

        /// Runs the operation once.
        void run() throws Exception;
    }

    /// Repeats an operation until the budget is used up, first to warm up and then to measure.
    ///
    /// @param times number of operations between two looks at the budget
    /// @return the figures
    public Point measure(int times, Operation operation) throws Exception {
        Stopwatch.Work work = watch -> {
            for (int i = 0; i < times; i++) {
                operation.run();
                watch.lap();
            }
        };
        Stopwatch.repeat(nanos(), work);
        Stopwatch watch = Stopwatch.repeat(nanos(), work);
        return point(watch.nanosPerLap(), watch.worstNanos(), Map.of());
    }

    /// {@return the figures of operations for which the maintenance thread works too}
    ///
    /// @param cost of one operation, without maintenance
    /// @param worstNanos longest wait
    /// @param maintenanceNanos processor time of the maintenance thread per operation, which is a part of the cost
    public Point withMaintenance(double cost, long worstNanos, double maintenanceNanos) {
        return point(
                cost + maintenanceNanos,
                worstNanos,
                allocator.equals(Allocators.LEASED) ? Map.of("of which maintenance, ns", maintenanceNanos) : Map.of());
    }

    /// {@return the figures of this measurement}
    ///
    /// @param cost of one operation
    /// @param worstNanos longest wait
    /// @param others further figures
    public Point point(double cost, long worstNanos, Map<String, Double> others) {
        return new Point(n, cost, worstNanos / NANOS_PER_MILLI, others);
    }
}
