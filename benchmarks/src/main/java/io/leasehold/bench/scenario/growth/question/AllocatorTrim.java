package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Random;

/// Trims an allocator that has `n` MiB, half of which is free.
final class AllocatorTrim {

    private static final int BYTES = 1 << 10;
    private static final int OTHERS = 300;

    private AllocatorTrim() {}

    static Point run(Load load) throws Exception {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("growth")
                .decay(PageArenaOptions.NO_DECAY)
                .build()) {
            ByteBuf[] buffers = new ByteBuf[Math.toIntExact((load.n() << 20) / BYTES)];
            Load.onLoop(() -> {
                BufferArrays.fill(allocator, buffers, BYTES);
                BufferArrays.release(buffers, 0, buffers.length / 2);
                return buffers;
            });
            Random random = new Random(1);
            Trims trims;
            try (Worker other = new Worker(BufferArrays.allocateAndRelease(allocator, BYTES, OTHERS))) {
                trims = Trims.measure(load, other, () -> freeAnotherHalf(allocator, buffers, random), allocator::trim);
            }
            BufferArrays.release(buffers, buffers.length / 2, buffers.length);
            Stopwatch watch = trims.watch();
            if (trims.mib() == 0) {
                throw new IllegalStateException("trim returned no memory: calls=" + watch.laps());
            }
            return load.point(
                    watch.nanos() / 1e3 / trims.mib(),
                    trims.other().worstNanos(),
                    Map.of("MiB returned by a call", trims.mibPerCall(), "a call, ms", watch.nanosPerLap() / 1e6));
        }
    }

    /// Fills the free half again and frees another half.
    private static ByteBuf[] freeAnotherHalf(LeasedByteBufAllocator allocator, ByteBuf[] buffers, Random random) {
        for (int i = 0; i < buffers.length / 2; i++) {
            buffers[i] = BufferArrays.touched(allocator, BYTES);
        }
        Collections.shuffle(Arrays.asList(buffers), random);
        BufferArrays.release(buffers, 0, buffers.length / 2);
        return buffers;
    }
}
