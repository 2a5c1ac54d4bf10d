package io.leasehold.bench.jmh;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import org.openjdk.jmh.annotations.TearDown;

/// Leases on a mapped page of each thread, from one pool of windows, on one and on two threads.
@Question(
        group = "lease",
        title = "Leases on a second thread",
        sentence = "How much does throughput grow with a second thread on one pool of windows, if each"
                + " thread leases a mapped page of its own? The control is private work of about the"
                + " same length, which shares nothing. The two processors may be hyperthreads of one"
                + " core.")
public class LeaseScalingBenchmark extends ScalingBenchmark {

    private final PageArena arena = PageArena.open(PageArenaOptions.builder()
            .name("bench")
            .byteSize(16L << 20)
            .memoryFile(true)
            .build());
    private final LeasePool pool = LeasePool.open(arena, LeasePoolOptions.windowed(64));
    private final long[] pages = {wired(), wired()};

    /// Creates the state.
    public LeaseScalingBenchmark() {
        super(14);
    }

    private long wired() {
        long page = arena.allocate();
        arena.frames().wire(page);
        return page;
    }

    /// Closes the pool, which also proves that every lease was closed.
    @TearDown
    public void close() {
        pool.close();
        for (long page : pages) {
            arena.frames().unwire(page);
            arena.free(page);
        }
        arena.close();
    }

    @Override
    long operate(int thread) {
        long lease = pool.acquireHandle(pages[thread]);
        pool.free(lease);
        return lease;
    }
}
