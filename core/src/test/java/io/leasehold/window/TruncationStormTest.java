package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files are truncated and written again, by a second process or through the file itself, while four threads read them
/// through windows and write to the OWNED ones. Each access gives right bytes or an [java.io.IOException], and nothing
/// else.
///
/// These bytes are right:
///
/// * For OWNED files, and for files that the second process truncates to multiples of a page: only bytes that were
///   written.
/// * For files that it truncates to any length: zeroes too. After a truncation inside a page, the rest of the page is
///   zero until it is written again, and a concurrent copy gets both. So does read(2), as the tier BYPASS showed within
///   a minute, so windows cannot do better.
///
/// Runs three seconds; with `-Dleasehold.soak=true` a minute. [TruncationStormFormsTest] runs it on other
/// configurations of the JVM.
class TruncationStormTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");

    @TempDir
    Path folder;

    @Test
    void everyAccessIsRightOrAnError() throws Exception {
        // without native access every access is a read(2), which one second shows
        Duration duration = SOAK ? Duration.ofMinutes(1) : Duration.ofSeconds(WindowCacheFixture.canMap() ? 3 : 1);
        TruncationStorm.Result result = TruncationStorm.run(folder, Seeds.next("TruncationStormTest"), duration);
        System.out.println("TruncationStormTest: " + result.lines());
        assertThat(result.truncations()).isPositive();
        if (WindowCacheFixture.canMap()) {
            assertThat(result.stats().hits()).isPositive();
            assertThat(result.stats().recycles()).isPositive();
            assertThat(result.stats().truncations()).isPositive();
        }
    }
}
