package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two processes that opened one file as OWNED and write different windows of it: each reads back what it wrote, and
/// the file holds the bytes of both.
@Tag("os")
@Timeout(600)
class TwoWritersTest {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 3_000 : 60;

    @TempDir
    Path folder;

    @Test
    void bytesOfBothProcessesAreInTheFile() throws Exception {
        TestMemory.require(WindowCacheFixture.canMap(), "nothing is mapped here");
        Path path = Files.write(folder.resolve("file"), new byte[TwoWritersProgram.BYTES]);
        CompletableFuture<ForkedProgram> other = ForkedProgram.start(
                () -> ForkedProgram.of(TwoWritersProgram.class).run(path.toString(), "1", String.valueOf(ROUNDS)));
        TwoWritersProgram.run(path, 0, ROUNDS);
        ForkedProgram forked = other.join();
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("end")).isEqualTo("reached");
        byte[] all = Files.readAllBytes(path);
        for (int w = 0; w < TwoWritersProgram.WINDOWS; w++) {
            byte[] window = Arrays.copyOfRange(
                    all, w * WindowCacheFixture.WINDOW_BYTES, (w + 1) * WindowCacheFixture.WINDOW_BYTES);
            assertThat(window).as("window %d", w).isEqualTo(TwoWritersProgram.content(w, ROUNDS));
        }
    }
}
