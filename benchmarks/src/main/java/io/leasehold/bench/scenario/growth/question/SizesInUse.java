package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.netty.buffer.ByteBuf;
import java.util.Random;

/// Uses buffers of `n` sizes, a few at a time.
///
/// @param smallest size in bytes
/// @param largest size in bytes
/// @param live number of buffers in use at a time
record SizesInUse(int smallest, int largest, int live) {

    private static final int REPLACEMENTS = 256;

    /// {@return the question for sizes above those whose slabs have many blocks}
    static GrowthQuestion large() {
        SizesInUse sizes = new SizesInUse(72 << 10, 288 << 10, 16);
        return GrowthQuestion.of("large-sizes", new GrowthRange(1, 5, 4), sizes::run)
                .ofBoth();
    }

    /// {@return the question for sizes whose slabs have many blocks}
    static GrowthQuestion small() {
        SizesInUse sizes = new SizesInUse(16, 16 << 10, 64);
        return GrowthQuestion.of("small-sizes", new GrowthRange(1, 6, 6), sizes::run)
                .ofBoth();
    }

    private Point run(Load load) throws Exception {
        int[] sizes = sizes(load.count());
        return load.openOnLoop(allocator -> {
            Random random = new Random(1);
            ByteBuf[] buffers = new ByteBuf[live];
            BufferArrays.fill(allocator, buffers, sizes[0]);
            Point point = load.measure(REPLACEMENTS, () -> {
                int place = random.nextInt(live);
                buffers[place].release();
                buffers[place] = allocator.directBuffer(sizes[random.nextInt(sizes.length)]);
            });
            BufferArrays.release(buffers, 0, live);
            return point;
        });
    }

    /// {@return sizes in equal ratios}
    private int[] sizes(int count) {
        int[] sizes = new int[count];
        double ratio = Math.pow((double) largest / smallest, 1.0 / Math.max(1, count - 1));
        for (int i = 0; i < count; i++) {
            sizes[i] = (int) Math.round(smallest * Math.pow(ratio, i));
        }
        return sizes;
    }
}
