package io.leasehold.bench.scenario.wrk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WrkOutputTest {

    /// What wrk 4.1 printed.
    private static final String OUTPUT = """
            Running 1s test @ http://127.0.0.1:8099/f2048
              1 threads and 32 connections
              Thread Stats   Avg      Stdev     Max   +/- Stdev
                Latency   684.61us  813.31us  12.58ms   97.39%
                Req/Sec    46.31k     6.38k   53.21k    63.64%
              Latency Distribution
                 50%  594.00us
                 75%  709.00us
                 90%    0.92ms
                 99%    3.66ms
              50663 requests in 1.10s, 111.22MB read
            Requests/sec:  46030.74
            Transfer/sec:    101.05MB
            """;

    private static final String READ = "111.22MB read\n";

    @Test
    void hasTheRateAndTheTail() throws IOException {
        assertThat(WrkOutput.parse(OUTPUT)).isEqualTo(new WrkOutput(50_663, 46_030.74, 3_660, 0));
    }

    @ParameterizedTest
    @CsvSource({"850.00us, 850", "1.50ms, 1500", "3.66s, 3660000"})
    void latencyIsInEachUnitOfWrk(String text, double micros) throws IOException {
        assertThat(WrkOutput.parse(OUTPUT.replace("3.66ms", text)).p99Micros()).isEqualTo(micros);
    }

    @Test
    void errorsOfSocketsAndRefusalsAreWrong() throws IOException {
        String errors = "  Socket errors: connect 1, read 20, write 300, timeout 4000\n";
        String refused = "  Non-2xx or 3xx responses: 50000\n";

        assertThat(WrkOutput.parse(OUTPUT.replace(READ, READ + errors)).wrong()).isEqualTo(4_321);
        assertThat(WrkOutput.parse(OUTPUT.replace(READ, READ + refused)).wrong())
                .isEqualTo(50_000);
        assertThat(WrkOutput.parse(OUTPUT.replace(READ, READ + errors + refused))
                        .wrong())
                .isEqualTo(54_321);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "unable to connect to 127.0.0.1:1 Connection refused\n", "Running 1s test @ http"})
    void anotherOutputIsShown(String output) {
        assertThatIOException()
                .isThrownBy(() -> WrkOutput.parse(output))
                .withMessage("not the output of wrk: missing=requests, output=" + output.strip());
    }

    @ParameterizedTest
    @CsvSource({"Requests/sec:, requests per second", "99%  , 99 percentile", "3.66ms, 99 percentile"})
    void aMissingFigureIsNamed(String text, String missing) {
        assertThatIOException()
                .isThrownBy(() -> WrkOutput.parse(OUTPUT.replace(text, "?")))
                .withMessageStartingWith("not the output of wrk: missing=" + missing + ", output=Running 1s test");
    }

    @Test
    void aRunWithoutAnAnswerFails() {
        assertThatIOException()
                .isThrownBy(() -> WrkOutput.parse(OUTPUT.replace("50663", "0")))
                .withMessageStartingWith("wrk got no answer: output=Running 1s test");
    }
}
