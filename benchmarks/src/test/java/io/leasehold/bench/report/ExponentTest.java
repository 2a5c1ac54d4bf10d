package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.bench.report.Exponent.Outcome;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ExponentTest {

    private static final GrowthTopic TOPIC = new GrowthTopic("a", "A", "What is done?", "things", "ns/thing", false);
    private static final GrowthTopic TOUCHING_ALL =
            new GrowthTopic("a", "A", "What is done?", "things", "ns/thing", true);

    @Test
    void isTheExponentOfThePowerLaw() {
        for (double power : new double[] {-0.5, 0, 0.2, 1, 2}) {
            Exponent exponent = of(n -> 17 * Math.pow(n, power), 3, 6, 12, 24);

            assertThat(exponent.value()).isEqualTo(power, within(1e-9));
            assertThat(exponent.error()).isEqualTo(0, within(1e-6));
        }
    }

    @Test
    void isFittedByLeastSquares() {
        // logarithms to the base of two: (0, 0), (1, 2), (2, 1)
        Exponent exponent =
                Exponent.of(List.of(point(1, 1), point(2, 4), point(4, 2))).orElseThrow();

        assertThat(exponent.value()).isEqualTo(0.5, within(1e-9));
        assertThat(exponent.error()).isEqualTo(Math.sqrt(0.75), within(1e-9));
    }

    @Test
    void needsTwoValuesOfNAndThreeForAnError() {
        assertThat(Exponent.of(List.of())).isEmpty();
        assertThat(Exponent.of(List.of(point(8, 1)))).isEmpty();
        assertThat(Exponent.of(List.of(point(8, 1), point(8, 2)))).isEmpty();
        assertThat(of(n -> n, 1, 2).value()).isEqualTo(1, within(1e-9));
        assertThat(of(n -> n, 1, 2).error()).isNaN();
    }

    @Test
    void isComparedWithItsTarget() {
        assertThat(of(n -> Math.pow(n, 0.19), 1, 2, 4).outcome(TOPIC)).isEqualTo(Outcome.HOLDS);
        assertThat(of(n -> Math.pow(n, 0.21), 1, 2, 4).outcome(TOPIC)).isEqualTo(Outcome.GROWS);
        assertThat(Exponent.of(List.of(point(1, 1), point(2, 4), point(4, 2)))
                        .orElseThrow()
                        .outcome(TOPIC))
                .isEqualTo(Outcome.CLOSE);
        assertThat(of(n -> n, 1, 2, 4).outcome(TOUCHING_ALL)).isEqualTo(Outcome.EXEMPT);
        assertThat(of(n -> n, 1, 2).outcome(TOPIC)).isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void hasNoSignWhenItIsZero() {
        assertThat(of(n -> 1 - n * 1e-9, 1, 2, 4).toString()).isEqualTo("0.00 ±0.00");
    }

    private static Exponent of(DoubleUnaryOperator cost, long... values) {
        return Exponent.of(LongStream.of(values)
                        .mapToObj(n -> point(n, cost.applyAsDouble((double) n)))
                        .toList())
                .orElseThrow();
    }

    private static Point point(long n, double cost) {
        return new Point(n, cost, null, Map.of());
    }
}
