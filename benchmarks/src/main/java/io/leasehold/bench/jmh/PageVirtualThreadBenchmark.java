package io.leasehold.bench.jmh;

import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does a page cost on 1,000 virtual threads, compared with one platform thread for each processor?
///
/// Each thread allocates pages, writes its id, reads it back and frees them. A page with two owners fails the run.
@Question(
        group = "page",
        title = "A page on 1,000 virtual threads",
        sentence = "What rate do 1,000 virtual threads reach, compared with one platform thread for each"
                + " processor? Both sides use Leasehold.")
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PageVirtualThreadBenchmark {

    private static final int PAIRS = 1_000_000;
    private static final int VIRTUAL_THREADS = 1000;

    private final AtomicLong wrong = new AtomicLong();
    private final PageArena arena = PageArena.open(
            PageArenaOptions.builder().name("bench").byteSize(256L << 20).build());

    /// Closes the arena, which also proves that every page was freed, and checks that no page had two owners.
    @TearDown
    public void close() {
        arena.close();
        if (wrong.get() != 0) {
            throw new IllegalStateException("pages with two owners: " + wrong.get());
        }
    }

    /// Allocates and frees a million pages on 1,000 virtual threads.
    ///
    /// @throws InterruptedException if the run is stopped
    @Benchmark
    @OperationsPerInvocation(PAIRS)
    @Case("a page")
    public void pages() throws InterruptedException {
        run(Thread.ofVirtual(), VIRTUAL_THREADS);
    }

    /// Allocates and frees a million pages on one platform thread for each processor.
    ///
    /// @throws InterruptedException if the run is stopped
    @Benchmark
    @OperationsPerInvocation(PAIRS)
    @Case(value = "platform threads", baselineOf = "pages")
    public void pagesPlatformThreads() throws InterruptedException {
        run(Thread.ofPlatform(), Runtime.getRuntime().availableProcessors());
    }

    private void run(Thread.Builder builder, int threads) throws InterruptedException {
        List<Thread> started = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int id = i;
            started.add(builder.start(() -> pairs(id, PAIRS / threads)));
        }
        for (Thread thread : started) {
            thread.join();
        }
    }

    private void pairs(int id, int count) {
        for (int i = 0; i < count; i++) {
            long page = arena.allocate();
            long address = arena.frames().address(page);
            OffHeap.putLong(address, id);
            if (OffHeap.getLong(address) != id) {
                wrong.incrementAndGet();
            }
            arena.free(page);
        }
    }
}
