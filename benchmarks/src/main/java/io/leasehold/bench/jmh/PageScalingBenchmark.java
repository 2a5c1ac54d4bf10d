package io.leasehold.bench.jmh;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import org.openjdk.jmh.annotations.TearDown;

/// Pages of one shared arena on one and on two threads.
@Question(
        group = "page",
        title = "Pages on a second thread",
        sentence = "How much does throughput grow with a second thread on one shared arena? The control"
                + " is private work of about the same length, which shares nothing. The two processors"
                + " may be hyperthreads of one core.")
public class PageScalingBenchmark extends ScalingBenchmark {

    private final PageArena arena = PageArena.open(
            PageArenaOptions.builder().name("bench").byteSize(256L << 20).build());

    /// Creates the state.
    public PageScalingBenchmark() {
        super(6);
    }

    /// Closes the arena, which also proves that every page was freed.
    @TearDown
    public void close() {
        arena.close();
    }

    @Override
    long operate(int thread) {
        long page = arena.allocate();
        arena.free(page);
        return page;
    }
}
