package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files are cut and written again, by a second process or through the file itself, while four threads read them
/// through windows and write to those that are ours: each access gives right bytes or an [java.io.IOException], and
/// nothing else ever.
///
/// What counts as right:
///
/// * Of files of ours, and of those that others cut at multiples of a page: only the bytes that were written.
/// * Where others cut anywhere: zeroes too. They cut within a page, its rest is zero until it is written again, and
///   who copies it meanwhile gets both. So does read(2), as the tier BYPASS showed within a minute, so no more can be
///   asked of windows.
///
/// Five seconds; with `-Dleasehold.soak=true` a minute. [TruncationStormFormsTest] has it on other forms of the JVM.
class TruncationStormTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");

    @TempDir
    Path folder;

    @Test
    void everyAccessIsRightOrAnError() throws Exception {
        // without native access all is read(2), which a moment shows
        Duration duration = SOAK ? Duration.ofMinutes(1) : Duration.ofSeconds(WindowBed.canMap() ? 5 : 1);
        TruncationStorm.Result result = TruncationStorm.run(folder, Seeds.next("TruncationStormTest"), duration);
        System.out.println("TruncationStormTest: " + result.lines());
        assertThat(result.cuts()).isPositive();
        if (WindowBed.canMap()) {
            assertThat(result.stats().hits()).isPositive();
            assertThat(result.stats().recycles()).isPositive();
            assertThat(result.stats().truncations()).isPositive();
        }
    }
}
