package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.ProcessorTime;
import io.leasehold.netty.LeasedByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// `n` open allocators that have served one buffer each and are idle.
record IdleAllocators() implements GrowthQuestion {

    private static final long LIMIT_BYTES = 64L << 20;
    private static final int BUFFER_BYTES = 1000;
    private static final double KIB = 1 << 10;

    /// Number of budgets during which the process is idle and its processor time is measured.
    private static final int SILENCES = 8;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "idle",
                "Idle allocators",
                "allocators",
                "% of a processor",
                "N allocators with a limit of 64 MiB have allocated and released one direct and one heap buffer"
                        + " each, and one second passes. Then nothing is called. The cost is the processor time of"
                        + " the whole process, including the JVM's own.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(16, 6, 4);
    }

    @Override
    public Point run(Load load) throws Exception {
        long heapBefore = liveHeapBytes();
        List<LeasedByteBufAllocator> allocators = new ArrayList<>();
        for (int i = 0; i < load.n(); i++) {
            LeasedByteBufAllocator allocator = Load.openLimited(LIMIT_BYTES);
            allocator.directBuffer(BUFFER_BYTES).release();
            allocator.heapBuffer(BUFFER_BYTES).release();
            allocators.add(allocator);
        }
        double heapKib = (liveHeapBytes() - heapBefore) / KIB / load.n();
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

    private static long liveHeapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
