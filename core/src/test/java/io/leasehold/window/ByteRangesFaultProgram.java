package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.JavaFaults;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Changes sets of ranges while the Java heap is full.
///
/// **Threads.** Confined to one thread.
final class ByteRangesFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final int PLACES = 600;
    private static final int RANGES = 256;
    private static final int SETS = 40;

    @Override
    public void accept(JavaFaults.Mode mode) {
        SplittableRandom random = new SplittableRandom(1);
        for (int set = 0; set < SETS; set++) {
            ByteRanges ranges = new ByteRanges(RANGES);
            BitSet bytes = new BitSet();
            JavaFaults.arm(mode, 1 + set % 8);
            try {
                change(ranges, bytes, random);
            } finally {
                JavaFaults.disarm();
            }
            ranges.checkInvariants();
            bytes.stream()
                    .forEach(place -> assertThat(ranges.within(place, place + 1).byteSize())
                            .isOne());
        }
    }

    private static void change(ByteRanges ranges, BitSet bytes, SplittableRandom random) {
        for (int step = 0; step < PLACES; step++) {
            int from = random.nextInt(PLACES);
            int end = from + 1 + random.nextInt(2);
            ranges.add(from, end);
            bytes.set(from, end);
            if (step % 3 == 0) {
                ranges.remove(from + 1, end);
                bytes.clear(from + 1, end);
            }
        }
    }
}
