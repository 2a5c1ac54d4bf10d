package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.Allocators;
import io.netty.buffer.ByteBufAllocator;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/// Base of the allocator benchmarks: one allocator, opened before the run and closed after it.
///
/// Each allocator runs in its own JVM, so call sites see one class of buffers, as in a server.
public abstract class AllocatorBenchmark extends TimedBenchmark {

    /// Name of the allocator, see [Allocators#open]. A run with `-Dbench.rival` adds one. The group `observe` has those
    /// of [io.leasehold.bench.subject.Observing].
    @Param({"leased", "adaptive", "pooled"})
    public String allocator;

    /// Leak detection of all sides: off, or Netty's default.
    @Param({"disabled", "simple"})
    public String leak;

    ByteBufAllocator buffers;

    /// Opens the allocator.
    @Setup
    public final void open() {
        buffers = Allocators.open(allocator, leak);
        begin();
    }

    /// Closes the allocator, which proves that every buffer was released.
    ///
    /// @throws InterruptedException if the run is stopped
    @TearDown
    public final void close() throws InterruptedException {
        end();
        Allocators.close(buffers);
    }

    /// Creates the objects of the benchmark.
    void begin() {}

    /// Releases the objects of the benchmark.
    ///
    /// @throws InterruptedException if the run is stopped
    void end() throws InterruptedException {}
}
