package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DecadeAxisTest {

    @Test
    void spansADecadeAtLeast() {
        assertThat(labels(DecadeAxis.of(List.of(120.0, 150.0)))).containsExactly("100", "200", "500", "1,000");
        assertThat(labels(DecadeAxis.of(List.of(5.0)))).containsExactly("5", "10", "20", "50");
    }

    @Test
    void endsAtTheNextOneTwoOrFive() {
        assertThat(labels(DecadeAxis.of(List.of(0.3, 12.0)))).containsExactly("0.2", "0.5", "1", "2", "5", "10", "20");
    }

    @Test
    void hasOnlyPowersOfTenOverManyDecades() {
        assertThat(labels(DecadeAxis.of(List.of(0.03, 400.0))))
                .containsExactly("0.01", "0.1", "1", "10", "100", "1,000");
    }

    @Test
    void mapsAMarkOfTheLibraryToTheNearestNumber() {
        DecadeAxis axis = DecadeAxis.of(List.of(1.0, 10.0));

        assertThat(axis.label(0.3)).isEqualTo("2");
        assertThat(axis.label(0.4)).isBlank();
        assertThat(axis.label(0.7)).isEqualTo("5");
    }

    private static List<String> labels(DecadeAxis axis) {
        return axis.marks().stream().map(axis::label).toList();
    }
}
