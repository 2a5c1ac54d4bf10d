package io.leasehold.bench.scenario.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WebSizesTest {

    private static final int COUNT = 4096;

    @Test
    void staysWithinItsBounds() {
        assertThat(WebSizes.quantile(0)).isEqualTo(WebSizes.MIN_BYTES);
        assertThat(WebSizes.quantile(1)).isEqualTo(Content.MAX_BYTES);
        assertThat(IntStream.of(draw(1))).allMatch(size -> size >= WebSizes.MIN_BYTES && size <= Content.MAX_BYTES);
    }

    @Test
    void isThePublishedDistribution() {
        int[] sizes = draw(1);
        Arrays.sort(sizes);
        assertThat((double) sizes[COUNT / 2]).isEqualTo(2000, within(10.0));
        assertThat((double) sizes[COUNT * 99 / 100]).isEqualTo(91_300, within(1500.0));
        assertThat(Arrays.stream(sizes).average().orElseThrow()).isEqualTo(6962, within(100.0));
    }

    @Test
    void isReproducibleForASeed() {
        assertThat(draw(7)).isEqualTo(draw(7));
    }

    @Test
    void isShuffledByTheSeedAlone() {
        assertThat(draw(7)).isNotEqualTo(draw(8)).containsExactlyInAnyOrder(draw(8));
    }

    private static int[] draw(long seed) {
        return WebSizes.draw(COUNT, new SplittableRandom(seed));
    }
}
