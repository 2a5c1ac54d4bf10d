package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.netty.buffer.ByteBuf;
import java.util.Random;

/// Replaces one of `n` live buffers at a random place, repeatedly.
final class RandomReplacement {

    private static final int BYTES = 1 << 10;

    /// Number of replacements between two reads of the clock.
    private static final int REPLACEMENTS = 256;

    private RandomReplacement() {}

    static GrowthQuestion question() {
        return GrowthQuestion.of("replace", new GrowthRange(8 << 10, 7, 5), RandomReplacement::run)
                .ofBoth()
                .touching(BYTES);
    }

    private static Point run(Load load) throws Exception {
        return load.openOnLoop(allocator -> {
            ByteBuf[] live = new ByteBuf[load.count()];
            BufferArrays.fill(allocator, live, BYTES);
            Random random = new Random(1);
            Point point = load.measure(REPLACEMENTS, () -> {
                int place = random.nextInt(live.length);
                live[place].release();
                live[place] = BufferArrays.touched(allocator, BYTES);
            });
            BufferArrays.release(live, 0, live.length);
            return point;
        });
    }
}
