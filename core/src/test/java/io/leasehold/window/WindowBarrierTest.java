package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernel rejects the barrier with which the pins of all threads are collected.
class WindowBarrierTest {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;

    @TempDir
    Path folder;

    private MappedFile open(WindowCacheFixture fixture) throws IOException {
        Path path = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(WINDOW, 1));
        return fixture.open(path, FileTrust.OWNED, WindowTier.DIRECT);
    }

    /// A file that was closed by force is taken out of its extents when the next file is closed.
    @Test
    void extentsComeBackThoughTheBarrierFailed() throws IOException {
        assumeTrue(WindowCacheFixture.canMap(), "nothing is mapped here");
        TestMemory.require(VirtualMemory.system(), Capability.BARRIER);
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(2, 1))) {
            MappedFile file = open(fixture);
            fixture.cache.lend(file, 0, WINDOW).close();
            fixture.memory.failFrom(Call.BARRIER, 1, Errno.ENOMEM);
            assertThat(file.closeForcibly()).isZero();
            assertThat(fixture.memory.injected()).isPositive();
            fixture.memory.disarm();

            open(fixture).close();
            fixture.cache.checkInvariants();
            MappedFile next = open(fixture);
            try (Window window = fixture.cache.lend(next, 0, WINDOW)) {
                assertThat(window.isPrivate())
                        .as("the only extent was in use: %s", window)
                        .isFalse();
            }
        }
    }
}
