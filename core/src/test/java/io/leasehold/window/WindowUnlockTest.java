package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernel does not unlock the pages of a staged copy or of a private copy: they are freed later. The fixture checks
/// at its end that no page is left.
class WindowUnlockTest {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;

    @TempDir
    Path folder;

    @BeforeEach
    void needsLocks() {
        TestMemory.require(VirtualMemory.system(), Capability.LOCK);
    }

    private static WindowCacheFixture fixture() {
        return WindowCacheFixture.withLockedPages(WindowCacheFixture.options(2, 1));
    }

    private MappedFile open(WindowCacheFixture fixture) throws IOException {
        Path path = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(WINDOW, 1));
        return fixture.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
    }

    @Test
    void closeOfCacheIsRepeated() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = open(fixture);
            assertThat(fixture.read(file, 0, 10)).isEqualTo(WindowCacheFixture.pattern(10, 1));
            assertThat(fixture.arena.stats().wiredPages()).isPositive();
            fixture.memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
            assertThatThrownBy(fixture.cache::close).isInstanceOf(SystemCallException.class);
            assertThat(fixture.arena.stats().livePages()).isPositive();
        }
    }

    @Test
    void privateCopyIsFreedBeforeTheNextOne() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = open(fixture);
            Window first = fixture.cache.lend(file, 0, WINDOW);
            int pages = fixture.arena.stats().livePages();
            fixture.memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
            first.close();
            assertThat(fixture.arena.stats().livePages()).isEqualTo(pages);
            fixture.cache.lend(file, 0, WINDOW).close();
            assertThat(fixture.arena.stats().livePages()).isZero();
            file.close(); // no private copy is outstanding
        }
    }

    @Test
    void closeIsRepeatedForPrivateCopyThatCameBackLate() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            Window window = fixture.cache.lend(open(fixture), 0, WINDOW);
            assertThat(fixture.cache.closeForcibly()).isEqualTo(1);
            fixture.memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
            window.close();
            assertThat(fixture.arena.stats().livePages()).isPositive();
            assertThat(fixture.cache.closeForcibly()).isZero();
            assertThat(fixture.arena.stats().livePages()).isZero();
        }
    }
}
