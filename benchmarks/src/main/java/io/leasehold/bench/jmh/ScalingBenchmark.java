package io.leasehold.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.infra.ThreadParams;

/// Base of the benchmarks that ask how much throughput grows with a second thread.
///
/// The control is private work of about the same length, which shares nothing. Two virtual processors may be two
/// threads of one core, so even private work may not reach twice the rate. The result is (two threads / one thread) of
/// the operation divided by (two threads / one thread) of the control, from runs that alternate.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public abstract class ScalingBenchmark {

    private final long controlTokens;

    /// Creates the state.
    ///
    /// @param controlTokens tokens of [Blackhole#consumeCPU] that take about as long as one operation here
    ScalingBenchmark(long controlTokens) {
        this.controlTokens = controlTokens;
    }

    /// The calling thread.
    @State(Scope.Thread)
    public static class Caller {

        private int index;

        /// Notes the number of the thread, from 0.
        @Setup
        public void number(ThreadParams threads) {
            index = threads.getThreadIndex();
        }
    }

    /// Performs one operation.
    ///
    /// @param thread number of the calling thread, from 0
    /// @return a value that the compiler must not drop
    abstract long operate(int thread);

    /// {@return the value of one operation, with no other thread}
    @Benchmark
    @Threads(1)
    @Case("one thread")
    public long oneThread(Caller caller) {
        return operate(caller.index);
    }

    /// {@return the value of one operation, while another thread does the same}
    @Benchmark
    @Threads(2)
    @Case("two threads")
    public long twoThreads(Caller caller) {
        return operate(caller.index);
    }

    /// Does private work on one thread.
    @Benchmark
    @Threads(1)
    @Case(value = "private work", baselineOf = "oneThread")
    public void controlOneThread() {
        Blackhole.consumeCPU(controlTokens);
    }

    /// Does private work on each of two threads.
    @Benchmark
    @Threads(2)
    @Case(value = "private work", baselineOf = "twoThreads")
    public void controlTwoThreads() {
        Blackhole.consumeCPU(controlTokens);
    }
}
