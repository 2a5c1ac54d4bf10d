package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.observe.counters.CounterFile;
import io.leasehold.observe.counters.CounterSnapshot;
import io.leasehold.observe.counters.CounterType;
import io.leasehold.observe.counters.LargestCounters;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargestCountersTest {

    @TempDir
    Path folder;

    /// A key that fails as if the Java heap were full, once.
    private static final class Failing {

        private int left;

        Failing(int nth) {
            this.left = nth;
        }

        @Override
        public int hashCode() {
            if (--left == 0) {
                throw new OutOfMemoryError("injected");
            }
            return 1;
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }
    }

    @Test
    void noCounterIsLostIfTheJavaHeapIsFull() throws Exception {
        CounterFile file = CounterFile.create(folder);
        LargestCounters<Failing> counters = new LargestCounters<>(file, CounterType.HOLDER, 0, key -> "held");
        int failures = 0;
        for (int nth = 1; nth <= 8; nth++) {
            List<Map.Entry<Failing, Long>> largest = List.of(Map.entry(new Failing(nth), 4096L));
            try {
                counters.show(largest);
            } catch (OutOfMemoryError e) {
                failures++;
            }
            counters.show(List.of());
            assertThat(CounterSnapshot.read(file.path()).counters())
                    .as("counters after failure %d", nth)
                    .isEmpty();
        }
        assertThat(failures).isPositive();
    }
}
