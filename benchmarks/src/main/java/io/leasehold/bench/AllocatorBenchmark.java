package io.leasehold.bench;

import io.netty.buffer.ByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/// Base of the allocator benchmarks: one allocator, opened before the run and closed after it.
///
/// Each benchmark has a nested class for every mode of the JVM, because JVM flags belong to a class.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class AllocatorBenchmark {

    /// Leak detection of both sides: off, or Netty's default.
    @Param({"disabled", "simple"})
    public String leak;

    ByteBufAllocator allocator;

    /// Opens the allocator that the name of the benchmark selects.
    @Setup
    public final void open(BenchmarkParams params) {
        allocator = Allocators.open(params, leak);
        begin();
    }

    /// Closes the allocator, which proves that every buffer was released.
    ///
    /// @throws InterruptedException if the run is stopped
    @TearDown
    public final void close() throws InterruptedException {
        end();
        Allocators.close(allocator);
    }

    /// Creates the objects of the benchmark.
    void begin() {}

    /// Releases the objects of the benchmark.
    ///
    /// @throws InterruptedException if the run is stopped
    void end() throws InterruptedException {}
}
