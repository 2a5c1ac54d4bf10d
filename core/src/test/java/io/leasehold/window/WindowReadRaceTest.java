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

/// What read(2) gives of a file that is cut meanwhile, zeroes for what was there, is not taken for the file's content.
class WindowReadRaceTest {

    private static final int BYTES = 3 * WindowBed.WINDOW_BYTES;
    private static final int CUT = BYTES / 2;

    @TempDir
    Path folder;

    private final AtomicInteger reads = new AtomicInteger();

    @Test
    void readThatMetACutIsDoneAgain() throws IOException {
        byte[] content = WindowBed.pattern(BYTES, 1);
        Path path = WindowBed.foreign(folder, content);
        try (WindowBed bed = new WindowBed(WindowBed.options(4, 4), cutting(path, 2))) {
            MappedFile file = bed.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(bed.read(file, 0, BYTES)).isEqualTo(content);
            assertThat(reads).hasValue(3);
            assertThat(bed.read(file, 0, BYTES)).isEqualTo(content);
            assertThat(reads).as("nothing looks cut").hasValue(4);
        }
    }

    @Test
    void zeroesOfAFileThatNobodyChangesAreReadOnce() throws IOException {
        Path path = WindowBed.foreign(folder, new byte[BYTES]);
        try (WindowBed bed = new WindowBed(WindowBed.options(4, 4), cutting(path, 0))) {
            MappedFile file = bed.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(bed.read(file, 0, BYTES)).isEqualTo(new byte[BYTES]);
            assertThat(reads).hasValue(1);
        }
    }

    @Test
    void fileThatIsChangedAllTheTimeIsReadAllTheSame() throws IOException {
        Path path = WindowBed.foreign(folder, WindowBed.pattern(BYTES, 1));
        try (WindowBed bed = new WindowBed(WindowBed.options(4, 4), cutting(path, Integer.MAX_VALUE))) {
            MappedFile file = bed.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(bed.read(file, 0, BYTES)).hasSize(BYTES);
            assertThat(reads).hasValueBetween(2, 1_000);
        }
    }

    @Test
    void cutThatHidesItsTimeIsSeen() throws IOException {
        byte[] content = WindowBed.pattern(BYTES, 1);
        Path path = WindowBed.foreign(folder, content);
        try (WindowBed bed = new WindowBed(WindowBed.options(4, 4), hiding(path))) {
            MappedFile file = bed.open(path, FileTrust.FOREIGN, WindowTier.BYPASS);
            assertThat(bed.read(file, 0, BYTES)).isEqualTo(content);
            assertThat(reads).hasValue(2);
        }
    }

    /// {@return a watcher that has the first read look as if the file had been cut meanwhile, and changes it until the
    /// system says so, but sets the time of the last change back}
    private WatchedFiles.Watcher hiding(Path path) {
        return new WatchedFiles.Watcher() {
            @Override
            public void read(long byteOffset, MemorySegment content) {
                if (reads.getAndIncrement() == 0) {
                    content.asSlice(CUT).fill((byte) 0);
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

    /// {@return who has the first reads of a file look as if it had been cut meanwhile, and changes it}
    private WatchedFiles.Watcher cutting(Path path, int count) {
        return new WatchedFiles.Watcher() {
            @Override
            public void read(long byteOffset, MemorySegment content) {
                if (reads.getAndIncrement() < count) {
                    content.asSlice(CUT).fill((byte) 0);
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
