package io.leasehold.bench.scenario.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.result.GrowthResult.Point;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PointLineTest {

    @Test
    void readsWhatItWrites() {
        Map<String, Double> others = new LinkedHashMap<>();
        others.put("other thread, operations/s", 1.5e7);
        others.put("a call, ms", 0.25);
        Point whole = new Point(1 << 20, 123.5, 4.25, others);
        Point bare = new Point(1, 1e-9, null, Map.of());

        assertThat(PointLine.parse(PointLine.of(whole))).isEqualTo(whole);
        assertThat(PointLine.parse(PointLine.of(whole)).others().keySet()).containsExactlyElementsOf(others.keySet());
        assertThat(PointLine.parse(PointLine.of(bare))).isEqualTo(bare);
    }

    @Test
    void rejectsOtherLines() {
        assertThatThrownBy(() -> PointLine.parse("1\t2\t3\tname"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name");
    }
}
