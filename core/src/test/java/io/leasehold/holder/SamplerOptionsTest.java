package io.leasehold.holder;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerOptionsTest {

    private final String before = System.getProperty(SamplerOptions.SAMPLE_BYTES);

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(SamplerOptions.SAMPLE_BYTES);
        } else {
            System.setProperty(SamplerOptions.SAMPLE_BYTES, before);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "-1, 524288",
        "words, 524288",
        "1099511627776, 1099511627776",
        "1099511627777, 1099511627776",
        "9223372036854775807, 1099511627776"
    })
    void propertyIsKeptWithinItsBounds(String given, long expected) {
        System.setProperty(SamplerOptions.SAMPLE_BYTES, given);

        assertThat(SamplerOptions.meanBytes()).isEqualTo(expected);
    }
}
