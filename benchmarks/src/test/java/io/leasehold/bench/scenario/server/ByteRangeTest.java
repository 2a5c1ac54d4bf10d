package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The examples of RFC 9110, 14.1.2, on a file of 100 bytes.
class ByteRangeTest {

    @ParameterizedTest
    @CsvSource({
        "bytes=0-9, 0, 10",
        "bytes=10-10, 10, 1",
        "bytes=90-, 90, 10",
        "bytes=90-1000, 90, 10",
        "bytes=-10, 90, 10",
        "bytes=-1000, 0, 100",
        "bytes=100-, 100, 0",
        "bytes=5000-6000, 5000, 0",
        "bytes=-0, 100, 0",
        "Bytes=0-9, 0, 10",
        "bytes=0-99999999999999999999, 0, 100",
        "bytes=99999999999999999999-, 9223372036854775807, 0",
        "bytes=-99999999999999999999, 0, 100",
        "'bytes=,0-4,,5-9,', 0, 10",
        "'bytes=0-4,2-3,0-4', 0, 5",
        "'bytes=5-9 , 200-300', 5, 5",
        "'bytes=100-,200-', 100, 0"
    })
    void oneRangeIsParsed(String header, long from, long byteSize) {
        assertThat(ByteRange.parse(header, 100)).hasValue(new ByteRange(from, byteSize));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=0-1,5-6",
                "lines=0-1",
                "bytes=5-4",
                "bytes=",
                "bytes=-",
                "bytes=a-b",
                "bytes=--5",
                "bytes=+1-2",
                "bytes=0-1,5-4",
                "bytes=,",
                "bytes",
                "bytes=0x1-2",
                "bytes=1 - 2"
            })
    void otherThanSingleRangesAreIgnored(String header) {
        assertThat(ByteRange.parse(header, 100)).isEmpty();
    }
}
