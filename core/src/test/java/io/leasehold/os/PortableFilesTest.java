package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files.Access;
import io.leasehold.os.Files.Capability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract on channels of the JDK.
class PortableFilesTest implements FilesContract {

    @TempDir
    Path folder;

    private final Files files = new PortableFiles();

    @Override
    public Files files() {
        return files;
    }

    @Override
    public Path folder() {
        return folder;
    }

    @Test
    void hasNoCapability() {
        for (Capability capability : Capability.values()) {
            assertThat(files.can(capability)).isFalse();
        }
    }

    @Test
    void fileThatWasReplacedIsStillItself() throws IOException {
        Path path = fileOf((byte) 1);
        with(path, Access.READ, file -> {
            Files.Status before = files.status(file);
            try {
                java.nio.file.Files.move(path, folder.resolve("aside"));
                java.nio.file.Files.write(path, new byte[] {2, 3});
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            interruptReaders(file);
            assertThat(read(file, 0, 2)).containsExactly(1);
            assertThat(files.status(file)).isEqualTo(before);
            assertThatThrownBy(() -> files.openChannel(file))
                    .isInstanceOf(SystemCallException.class)
                    .hasMessageContaining("ENOENT");
        });
    }

    /// Interrupts a thread during its reads. An interrupt would close a [java.nio.channels.FileChannel].
    private void interruptReaders(int file) {
        AtomicInteger reads = new AtomicInteger();
        Thread reader = Thread.ofPlatform().start(() -> {
            while (reads.incrementAndGet() < 10_000) {
                assertThat(read(file, 0, 1)).containsExactly(1);
            }
        });
        while (reader.isAlive()) {
            reader.interrupt();
        }
        assertThat(reads).hasValue(10_000);
    }
}
