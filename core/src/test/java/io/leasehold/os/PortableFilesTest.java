package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.Files.Access;
import io.leasehold.os.Files.Capability;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract on channels, which an interrupt closes and a rename loses.
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
    void fileThatWasReplacedIsNotTakenForItself() throws IOException {
        Path path = fileOf((byte) 1);
        with(path, Access.READ, file -> {
            try {
                java.nio.file.Files.move(path, folder.resolve("aside"));
                java.nio.file.Files.write(path, new byte[] {2});
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            assertThat(read(file, 0, 1)).containsExactly(1);
            closeByInterrupt(file);
            assertThatThrownBy(() -> read(file, 0, 1))
                    .isInstanceOf(OsException.class)
                    .hasMessageContaining("EBADF");
        });
    }

    /// Interrupts a thread inside a call, as only its own channel can show: the interrupt is set while it reads.
    private void closeByInterrupt(int file) {
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    read(file, 0, 1);
                }
            } catch (OsException e) {
                assertThat(e.errno()).isEqualTo(Errno.EBADF);
            }
        });
        while (reader.isAlive()) {
            reader.interrupt();
        }
    }
}
