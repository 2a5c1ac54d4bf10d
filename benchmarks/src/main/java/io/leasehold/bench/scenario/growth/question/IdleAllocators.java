package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.netty.LeasedByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Measures the processor time of `n` open allocators that have served one direct and one heap buffer each and are
/// idle.
final class IdleAllocators {

    private static final long LIMIT_BYTES = 64L << 20;
    private static final int BUFFER_BYTES = 1000;
    private static final double KIB = 1 << 10;

    /// Number of budgets during which the process is idle and its processor time is measured.
    private static final int SILENCES = 8;

    private IdleAllocators() {}

    static Point run(Load load) throws Exception {
        long heapBefore = SystemMemory.liveHeapBytes();
        List<LeasedByteBufAllocator> allocators = new ArrayList<>();
        for (int i = 0; i < load.n(); i++) {
            LeasedByteBufAllocator allocator = Load.openLimited(LIMIT_BYTES);
            allocator.directBuffer(BUFFER_BYTES).release();
            allocator.heapBuffer(BUFFER_BYTES).release();
            allocators.add(allocator);
        }
        double heapKib = (SystemMemory.liveHeapBytes() - heapBefore) / KIB / load.n();
        load.pause(SILENCES);

        long start = System.nanoTime();
        long before = ProcessorTime.ofProcess();
        for (int i = 0; i < SILENCES; i++) {
            load.pause(1);
        }
        double share = (double) (ProcessorTime.ofProcess() - before) / (System.nanoTime() - start);
        allocators.forEach(LeasedByteBufAllocator::close);
        return new Point(load.n(), 100 * share, null, Map.of("Java heap of each, KiB", heapKib));
    }
}
