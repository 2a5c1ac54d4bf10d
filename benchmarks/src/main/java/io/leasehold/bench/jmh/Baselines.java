package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.Allocators;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A buffer allocator as a baseline of pages, without leak detection.
@State(Scope.Thread)
public class Baselines {

    /// Name of the allocator. A run with `-Dbench.rival` adds one.
    @Param({"adaptive", "pooled"})
    public String baseline;

    private ByteBufAllocator buffers;

    /// Opens the allocator.
    @Setup
    public void open() {
        buffers = Allocators.open(baseline, "disabled");
    }

    /// Closes the allocator.
    @TearDown
    public void close() {
        Allocators.close(buffers);
    }

    ByteBuf allocate(int byteSize) {
        return buffers.directBuffer(byteSize);
    }
}
