package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.os.FaultyFiles;
import io.leasehold.os.FaultyVirtualMemory;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/// Files that cannot be mapped, have no blocks to reserve or do not report their length, on every tier: copies replace
/// the missing capability, and all bytes are right.
interface WindowSpecialFileContract extends WindowTierFixture {

    /// Files of proc report a length of 0, and those of sysfs one page. Some contain zeroes.
    List<Path> SPECIAL = List.of(
            Path.of("/proc/sys/kernel/ostype"),
            Path.of("/proc/self/limits"),
            Path.of("/proc/self/environ"),
            Path.of("/sys/kernel/mm/transparent_hugepage/enabled"));

    @Test
    default void fileThatDoesNotTellItsLengthHasWhatIsRead() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            for (Path path : SPECIAL.stream().filter(Files::exists).toList()) {
                byte[] content = Files.readAllBytes(path);
                CRC32C crc = new CRC32C();
                crc.update(content);
                for (FileTrust trust : List.of(FileTrust.FOREIGN, FileTrust.IMMUTABLE)) {
                    try (MappedFile file = fixture.open(path, trust, tier())) {
                        assertThat(file.tier()).isEqualTo(WindowTier.BYPASS);
                        assertThat(fixture.read(file, 0, content.length + 100))
                                .as(path.toString())
                                .isEqualTo(content);
                        assertThat(file.byteSize()).isEqualTo(content.length);
                        assertThat(fixture.read(file, content.length, 10)).isEmpty();
                        assertThat(fixture.cache.checksum(file, 0, content.length))
                                .isEqualTo(crc.getValue());
                        try (Window window = lend(fixture, file, WindowFlag.READ)) {
                            assertThat(window.isPrivate()).isTrue();
                            assertThat(window.segment().toArray(ValueLayout.JAVA_BYTE))
                                    .isEqualTo(content);
                        }
                        assertThatThrownBy(() -> fixture.cache.alloc(
                                        file, content.length, 1, AccessAdvice.NORMAL, WindowFlag.READ))
                                .isInstanceOf(EOFException.class);
                        assertThatThrownBy(file::openChannel).isInstanceOf(IOException.class);
                    }
                }
            }
        }
    }

    @Test
    default void fileThatDoesNotTellItsLengthIsNotOwned() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            assertThatThrownBy(() -> fixture.open(Path.of("/proc/self/comm"), FileTrust.OWNED, tier()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("/proc/self/comm", "does not report the length");
        }
    }

    @Test
    default void emptyFileIsNotTakenForOneOfProc() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), new byte[0]);
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier())) {
            assertThat(file.byteSize()).isZero();
            assertThat(fixture.read(file, 0, 10)).isEmpty();
            WindowCacheFixture.writeAsOthers(path, 0, (byte) 1, (byte) 2);
            assertThat(file.byteSize()).isEqualTo(2);
            assertThat(fixture.read(file, 0, 10)).containsExactly(1, 2);
        }
    }

    /// The kernel allocates memory of the size that is read, and refuses to allocate that much.
    @Test
    default void fileThatDoesNotTellItsLengthIsReadIntoAnyMemory() throws IOException {
        try (WindowCacheFixture fixture = fixture();
                Arena arena = Arena.ofConfined()) {
            for (Path path : SPECIAL.stream().filter(Files::exists).toList()) {
                MemorySegment to = arena.allocate(9 << 20);
                byte[] content = Files.readAllBytes(path);
                try (MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier())) {
                    assertThat(fixture.cache.read(file, 0, to))
                            .as(path.toString())
                            .isEqualTo(content.length);
                    assertThat(to.asSlice(0, content.length).toArray(ValueLayout.JAVA_BYTE))
                            .isEqualTo(content);
                }
            }
        }
    }

    /// The file lists the child processes of one thread. There are none when it is opened.
    @Test
    default void fileOfProcThatWasEmptyWhenOpenedHasWhatIsRead() throws Exception {
        Path children = Path.of("/proc/thread-self/children");
        assumeTrue(Files.exists(children), "the kernel does not list the children of a thread");
        FutureTask<Void> task = new FutureTask<>(() -> {
            for (FileTrust trust : List.of(FileTrust.FOREIGN, FileTrust.IMMUTABLE)) {
                readChildren(children, trust);
            }
            return null;
        });
        Thread.ofPlatform().start(task);
        task.get();
    }

    private void readChildren(Path children, FileTrust trust) throws Exception {
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(children, trust, tier())) {
            assertThat(fixture.read(file, 0, 100)).isEmpty();
            Process child = new ProcessBuilder("sleep", "100").start();
            try {
                byte[] content = Files.readAllBytes(children);
                assertThat(content).isNotEmpty();
                assertThat(fixture.read(file, 0, 100)).isEqualTo(content);
                assertThat(file.byteSize()).isEqualTo(content.length);
            } finally {
                child.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    default void fileThatMayNotBeMappedIsCopied() throws IOException {
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 1);
        Path path = WindowCacheFixture.foreign(folder(), content);
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : FileTrust.values()) {
                fixture.files.refuseMappings(true);
                try (MappedFile file = fixture.open(path, trust, tier())) {
                    assertThat(file.tier()).isEqualTo(WindowTier.BYPASS);
                    requireCopies(fixture, file, content);
                }
            }
        }
    }

    @Test
    default void mappingThatIsRefusedLaterIsReplacedByACopy() throws IOException {
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 1);
        Path path = WindowCacheFixture.foreign(folder(), content);
        try (WindowCacheFixture fixture = fixture()) {
            for (int errno : List.of(Errno.ENODEV, Errno.EACCES, Errno.EPERM, Errno.EINVAL, Errno.EOPNOTSUPP)) {
                for (FileTrust trust : FileTrust.values()) {
                    MappedFile file = fixture.open(path, trust, tier());
                    fixture.memory.failFrom(FaultyVirtualMemory.Call.MAP, 1, errno);
                    requireCopies(fixture, file, content);
                    fixture.memory.disarm();
                    file.close();
                }
            }
        }
    }

    @Test
    default void fileWhoseBlocksCannotBeReservedIsWrittenThroughACopy() throws IOException {
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 1);
        Path path = WindowCacheFixture.foreign(folder(), content);
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(path, FileTrust.OWNED, tier())) {
            fixture.files.failFrom(FaultyFiles.Call.ALLOCATE, 1, Errno.EOPNOTSUPP);
            try (Window window = lend(fixture, file, WindowFlag.WRITE)) {
                assertThat(window.isPrivate()).isTrue();
                window.segment().set(ValueLayout.JAVA_BYTE, 1, (byte) 77);
            }
            fixture.files.disarm();
            content[1] = 77;
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
        }
    }

    private static void requireCopies(WindowCacheFixture fixture, MappedFile file, byte[] content) throws IOException {
        for (int touch = 0; touch < 3; touch++) {
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
        }
        try (Window window = lend(fixture, file, WindowFlag.READ)) {
            assertThat(window.isPrivate()).isTrue();
            assertThat(window.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
        }
    }

    private static Window lend(WindowCacheFixture fixture, MappedFile file, int flag) throws IOException {
        return Objects.requireNonNull(fixture.cache.alloc(file, 0, 3L * WINDOW, AccessAdvice.NORMAL, flag));
    }
}
