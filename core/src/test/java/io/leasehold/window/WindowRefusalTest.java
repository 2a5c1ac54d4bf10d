package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyFiles;
import io.leasehold.os.FaultyVirtualMemory;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A cache in a sandbox that denies memfd_create(2) or fallocate(2): windows are private copies then, and all else
/// works.
class WindowRefusalTest {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;
    private static final WindowCacheOptions OPTIONS = WindowCacheFixture.options(2, 1);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {Errno.EPERM, Errno.EACCES, Errno.ENOSYS})
    void cacheWithoutMemoryFileLendsCopies(int errno) throws IOException {
        assumeTrue(WindowCacheFixture.canMap(), "nothing is mapped here");
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 1);
        Path path = WindowCacheFixture.foreign(folder, content);
        try (WindowCacheFixture fixture = withoutMemoryFile(errno);
                MappedFile file = fixture.open(path, FileTrust.OWNED, WindowTier.AUTO)) {
            assertThat(fixture.memory.injected()).isEqualTo(1);
            try (Window window = Objects.requireNonNull(
                    fixture.cache.alloc(file, WINDOW, 100, AccessAdvice.NORMAL, WindowFlag.READ))) {
                assertThat(window.isPrivate()).isTrue();
                assertThat(window.segment().toArray(ValueLayout.JAVA_BYTE))
                        .startsWith(content[WINDOW], content[WINDOW + 1]);
            }
            fixture.write(file, 5, (byte) 77);
            assertThat(fixture.read(file, 5, 1)).containsExactly(77);
        }
    }

    @Test
    void otherFailureOfTheMemoryFileIsReported() {
        assumeTrue(WindowCacheFixture.canMap(), "nothing is mapped here");
        assertThatThrownBy(() -> withoutMemoryFile(Errno.EMFILE))
                .isInstanceOf(SystemCallException.class)
                .hasMessageStartingWith("memfd_create(name=leasehold placeholder) failed: EMFILE");
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EPERM, Errno.EACCES, Errno.ENOSYS})
    void windowForWritingIsACopyWhereDiskSpaceCannotBeReserved(int errno) throws IOException {
        assumeTrue(WindowCacheFixture.canMap(), "nothing is mapped here");
        Path path = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(WINDOW, 1));
        try (WindowCacheFixture fixture = new WindowCacheFixture(OPTIONS);
                MappedFile file = fixture.open(path, FileTrust.OWNED, WindowTier.AUTO)) {
            fixture.files.failFrom(FaultyFiles.Call.ALLOCATE, 1, errno);
            try (Window window = Objects.requireNonNull(
                    fixture.cache.alloc(file, WINDOW, 100, AccessAdvice.NORMAL, WindowFlag.WRITE))) {
                assertThat(window.isPrivate()).isTrue();
                window.segment().fill((byte) 9);
            }
            assertThat(fixture.files.injected()).isPositive();
            fixture.files.disarm();
            assertThat(Files.readAllBytes(path)).hasSize(WINDOW + 100).endsWith(9, 9, 9);
            try (Window window =
                    Objects.requireNonNull(fixture.cache.alloc(file, 0, 100, AccessAdvice.NORMAL, WindowFlag.WRITE))) {
                assertThat(window.isPrivate()).isFalse();
            }
        }
    }

    private static WindowCacheFixture withoutMemoryFile(int errno) {
        return new WindowCacheFixture(OPTIONS, new WatchedFiles.Watcher() {}, memory -> {
            ((FaultyVirtualMemory) memory).failOnce(FaultyVirtualMemory.Call.CREATE_MEMORY, 1, errno);
            return memory;
        });
    }
}
