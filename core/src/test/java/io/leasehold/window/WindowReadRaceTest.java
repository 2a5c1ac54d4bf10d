package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// read(2) may return zeroes from a file that is truncated meanwhile. They are not treated as content.
class WindowReadRaceTest {

    private static final int BYTES = 3 * WindowCacheFixture.WINDOW_BYTES;
    private static final int NEW_END = BYTES / 2;

    @TempDir
    Path folder;

    private final AtomicInteger reads = new AtomicInteger();

    @Test
    void readThatMetATruncationIsRepeated() throws IOException {
        byte[] content = WindowCacheFixture.pattern(BYTES, 1);
        Path path = WindowCacheFixture.foreign(folder, content);
        try (WindowCacheFixture fixture =
                new WindowCacheFixture(WindowCacheFixture.options(4, 4), truncating(path, 2))) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(fixture.read(file, 0, BYTES)).isEqualTo(content);
            assertThat(reads).hasValue(3);
            assertThat(fixture.read(file, 0, BYTES)).isEqualTo(content);
            assertThat(reads).as("nothing looks truncated").hasValue(4);
        }
    }

    @Test
    void zeroesOfAnUnchangedFileAreReadOnce() throws IOException {
        Path path = WindowCacheFixture.foreign(folder, new byte[BYTES]);
        try (WindowCacheFixture fixture =
                new WindowCacheFixture(WindowCacheFixture.options(4, 4), truncating(path, 0))) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(fixture.read(file, 0, BYTES)).isEqualTo(new byte[BYTES]);
            assertThat(reads).hasValue(1);
        }
    }

    @Test
    void fileThatIsChangedAllTheTimeIsReadAllTheSame() throws IOException {
        Path path = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(BYTES, 1));
        try (WindowCacheFixture fixture =
                new WindowCacheFixture(WindowCacheFixture.options(4, 4), truncating(path, Integer.MAX_VALUE))) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(fixture.read(file, 0, BYTES)).hasSize(BYTES);
            assertThat(reads).hasValueBetween(2, 1_000);
        }
    }

    @Test
    void truncationThatHidesItsTimeIsDetected() throws IOException {
        byte[] content = WindowCacheFixture.pattern(BYTES, 1);
        Path path = WindowCacheFixture.foreign(folder, content);
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 4), hiding(path))) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(fixture.read(file, 0, BYTES)).isEqualTo(content);
            assertThat(reads).hasValue(2);
        }
    }

    /// {@return a watcher that makes the first read look truncated, and changes the file until the system reports it,
    /// but sets the time of the last change back}
    private WatchedFiles.Watcher hiding(Path path) {
        return new WatchedFiles.Watcher() {
            @Override
            public void read(long byteOffset, MemorySegment content) {
                if (reads.getAndIncrement() == 0) {
                    content.asSlice(NEW_END).fill((byte) 0);
                    try {
                        FileTime modified = Files.getLastModifiedTime(path);
                        Object before = Files.getAttribute(path, "unix:ctime");
                        while (Files.getAttribute(path, "unix:ctime").equals(before)) {
                            Files.setLastModifiedTime(path, modified);
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            }
        };
    }

    /// {@return a watcher that makes the first reads look truncated, and changes the file}
    private WatchedFiles.Watcher truncating(Path path, int count) {
        return new WatchedFiles.Watcher() {
            @Override
            public void read(long byteOffset, MemorySegment content) {
                if (reads.getAndIncrement() < count) {
                    content.asSlice(NEW_END).fill((byte) 0);
                    touch(path);
                }
            }
        };
    }

    private void touch(Path path) {
        try {
            Duration later = Duration.ofSeconds(reads.get());
            Files.setLastModifiedTime(
                    path,
                    FileTime.from(Files.getLastModifiedTime(path).toInstant().plus(later)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
