package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files.Access;
import io.leasehold.os.Files.Advice;
import io.leasehold.os.Files.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Calls on files of every [Files], from opening to closing.
interface FilesContract {

    Files files();

    /// A new folder for each test, which the test class gets by `@TempDir`.
    Path folder();

    default Path fileOf(byte... content) {
        Path path = folder().resolve("file" + System.nanoTime());
        try {
            return java.nio.file.Files.write(path, content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    default void with(Path path, Access access, IntConsumer body) {
        int descriptor = files().open(path, access);
        try {
            body.accept(descriptor);
        } finally {
            files().close(descriptor);
        }
    }

    default byte[] read(int descriptor, long byteOffset, int byteSize) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(Math.max(byteSize, 1)).asSlice(0, byteSize);
            long count = files().read(descriptor, to, byteOffset);
            return to.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    default long write(int descriptor, long byteOffset, byte... content) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(content.length);
            from.copyFrom(MemorySegment.ofArray(content));
            return files().write(descriptor, from, byteOffset);
        }
    }

    /// Callers compare these times with those of the JDK. The longest time in nanoseconds ends within a second.
    @Test
    default void timeOfModificationIsThatOfTheJdk() throws IOException {
        long last = Long.MAX_VALUE / 1_000_000_000;
        for (long second : new long[] {-last - 1, -last, -1, 0, 1L << 31, last - 1, last, last + 1}) {
            for (int nanos : new int[] {0, 500_000_000, 900_000_000}) {
                Path path = fileOf((byte) 1);
                java.nio.file.Files.setLastModifiedTime(
                        path, FileTime.from(Instant.ofEpochSecond(second).plusNanos(nanos)));
                // the file system may keep another time than that
                long kept = java.nio.file.Files.getLastModifiedTime(path).to(TimeUnit.NANOSECONDS);
                with(
                        path,
                        Access.READ,
                        descriptor -> assertThat(files().status(descriptor).modifiedNanos())
                                .as("second=%d, nanos=%d", second, nanos)
                                .isEqualTo(kept));
            }
        }
    }

    @Test
    default void refusedPathHasTheErrorOfTheSystem() throws IOException {
        Path file = fileOf((byte) 1);
        Path loop = folder().resolve("loop");
        java.nio.file.Files.createSymbolicLink(loop, loop);
        Map<Path, Integer> errors = Map.of(
                folder().resolve("none"),
                Errno.ENOENT,
                folder().resolve("none/file"),
                Errno.ENOENT,
                file.resolve("below"),
                Errno.ENOTDIR,
                loop,
                Errno.ELOOP,
                folder().resolve("n".repeat(300)),
                Errno.ENAMETOOLONG);
        for (Access access : List.of(Access.READ, Access.READ_WRITE)) {
            errors.forEach((path, errno) -> assertThat(
                            catchThrowableOfType(SystemCallException.class, () -> files().open(path, access))
                                    .errno())
                    .as("%s %s", access, path)
                    .isEqualTo(errno));
        }
    }

    /// Some file systems have times that are more nanoseconds after 1970 than fit into a long.
    @Test
    default void timesAreThoseOfTheJdk() throws IOException {
        Path path = fileOf((byte) 1);
        for (long second : new long[] {-1, 0, 1_000_000_000L, 9_300_000_000L, 13_000_000_000L, -2_000_000_000L}) {
            java.nio.file.Files.setLastModifiedTime(path, FileTime.from(second, TimeUnit.SECONDS));
            long expected = java.nio.file.Files.getLastModifiedTime(path).to(TimeUnit.NANOSECONDS);
            with(
                    path,
                    Access.READ,
                    file -> assertThat(files().status(file).modifiedNanos())
                            .as("%d s", second)
                            .isEqualTo(expected));
        }
    }

    @Test
    default void readReturnsTheWrittenBytes() {
        with(folder().resolve("new"), Access.CREATE, file -> {
            assertThat(files().byteSize(file)).isZero();
            assertThat(write(file, 0, new byte[] {1, 2, 3, 4, 5})).isEqualTo(5);
            assertThat(write(file, 3, new byte[] {9})).isEqualTo(1);
            assertThat(read(file, 0, 5)).containsExactly(1, 2, 3, 9, 5);
            assertThat(files().byteSize(file)).isEqualTo(5);
        });
    }

    @Test
    default void readIsShortAtTheEnd() {
        with(fileOf((byte) 1, (byte) 2, (byte) 3), Access.READ, file -> {
            assertThat(read(file, 1, 10)).containsExactly(2, 3);
            assertThat(read(file, 3, 10)).isEmpty();
            assertThat(read(file, 1L << 40, 10)).isEmpty();
            assertThat(read(file, 0, 0)).isEmpty();
        });
    }

    @Test
    default void writePastTheEndLeavesZeroes() {
        with(fileOf((byte) 1), Access.READ_WRITE, file -> {
            write(file, 3, new byte[] {4});
            assertThat(read(file, 0, 9)).containsExactly(1, 0, 0, 4);
        });
    }

    @Test
    default void truncateShrinksAndGrows() {
        with(fileOf((byte) 1, (byte) 2, (byte) 3), Access.READ_WRITE, file -> {
            files().truncate(file, 1);
            assertThat(read(file, 0, 9)).containsExactly(1);
            files().truncate(file, 4);
            assertThat(read(file, 0, 9)).containsExactly(1, 0, 0, 0);
            files().truncate(file, 0);
            assertThat(files().byteSize(file)).isZero();
        });
    }

    @Test
    default void transfersManyBytes() {
        byte[] content = new byte[3 << 20];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) ((i * 31) >> 3);
        }
        with(fileOf(), Access.READ_WRITE, file -> {
            assertThat(write(file, 7, content)).isEqualTo(content.length);
            assertThat(read(file, 7, content.length)).isEqualTo(content);
        });
    }

    @Test
    default void statusDistinguishesFiles() {
        Path first = fileOf((byte) 1, (byte) 2);
        Path second = fileOf();
        with(
                first,
                Access.READ,
                one -> with(
                        first,
                        Access.READ,
                        again -> with(second, Access.READ, other -> {
                            Status status = files().status(one);
                            assertThat(status.byteSize()).isEqualTo(2);
                            assertThat(files().status(again)).isEqualTo(status);
                            assertThat(files().status(other).inode()).isNotEqualTo(status.inode());
                            assertThat(files().status(other).device()).isEqualTo(status.device());
                        })));
    }

    @Test
    default void statusShowsAChange() throws IOException {
        Path path = fileOf((byte) 1);
        java.nio.file.Files.setLastModifiedTime(path, FileTime.fromMillis(86_400_000));
        with(path, Access.READ_WRITE, file -> {
            assertThat(files().status(file).modifiedNanos()).isEqualTo(86_400_000L * 1_000_000);
            write(file, 0, new byte[] {2});
            assertThat(files().status(file).modifiedNanos()).isGreaterThan(86_400_000L * 1_000_000);
        });
    }

    @Test
    default void statusShowsAChangeWithAnOldTime() throws IOException {
        Path path = fileOf((byte) 1);
        FileTime before = java.nio.file.Files.getLastModifiedTime(path);
        with(path, Access.READ_WRITE, file -> {
            Status status = files().status(file);
            Status now = status;
            while (now.changedNanos() == status.changedNanos()) { // until the clock of the file system has advanced
                write(file, 0, new byte[] {2});
                try {
                    java.nio.file.Files.setLastModifiedTime(path, before);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                now = files().status(file);
            }
            assertThat(now.modifiedNanos()).isEqualTo(status.modifiedNanos());
            assertThat(now.changeMark()).isNotEqualTo(status.changeMark());
        });
    }

    @Test
    default void channelIsOfTheVeryFileAndItsOwn() throws IOException {
        Path path = fileOf((byte) 1, (byte) 2);
        with(path, Access.READ, file -> {
            try (FileChannel second = files().openChannel(file)) {
                files().openChannel(file).close();
                assertThat(second.size()).isEqualTo(2);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            assertThat(read(file, 0, 2)).containsExactly(1, 2);
        });
    }

    @Test
    default void reservingSyncingAndAdviceChangeNothing() {
        with(fileOf((byte) 1, (byte) 2), Access.READ_WRITE, file -> {
            files().allocate(file, 0, 1 << 20);
            files().writeBack(file, 0, 2);
            files().sync(file);
            files().sync(file, 1, 1);
            files().sync(file, 1, 1 << 20);
            for (Advice advice : Advice.values()) {
                files().advise(file, 0, 0, advice);
            }
            assertThat(files().byteSize(file)).isEqualTo(2);
            assertThat(read(file, 0, 9)).containsExactly(1, 2);
        });
    }

    @Test
    default void missingFileIsNamed() {
        Path missing = folder().resolve("missing");
        for (Access access : List.of(Access.READ, Access.READ_WRITE)) {
            SystemCallException e =
                    catchThrowableOfType(SystemCallException.class, () -> files().open(missing, access));
            assertThat(e.errno()).isEqualTo(Errno.ENOENT);
            assertThat(e).hasMessageContainingAll("open(path=" + missing, "ENOENT (2, no such file or directory)");
        }
    }

    @Test
    default void onlyRegularFilesAreOpened() {
        assertThatThrownBy(() -> files().open(folder(), Access.READ))
                .isInstanceOf(SystemCallException.class)
                .hasMessageContainingAll("open(path=" + folder(), "not a regular file");
    }

    @Test
    default void readOnlyFileRefusesChanges() {
        with(fileOf((byte) 1), Access.READ, file -> {
            refuses(() -> write(file, 0, new byte[] {2}), "write(descriptor=" + file);
            refuses(() -> files().truncate(file, 0), "truncate(descriptor=" + file + ", byteSize=0)");
            assertThat(read(file, 0, 9)).containsExactly(1);
        });
    }

    @Test
    default void closedDescriptorIsRefused() {
        int file = files().open(fileOf((byte) 1), Access.READ);
        files().close(file);
        refuses(() -> files().byteSize(file), "descriptor=" + file, "EBADF");
        refuses(() -> files().status(file), "descriptor=" + file, "EBADF");
        refuses(() -> read(file, 0, 1), "byteOffset=0, byteSize=1", "EBADF");
        refuses(() -> files().close(file), "descriptor=" + file, "EBADF");
    }

    @Test
    default void interruptNeitherEndsACallNorClosesTheFile() {
        with(fileOf((byte) 1, (byte) 2), Access.READ_WRITE, file -> {
            Thread.currentThread().interrupt();
            assertThat(read(file, 0, 9)).containsExactly(1, 2);
            write(file, 0, new byte[] {3});
            assertThat(files().byteSize(file)).isEqualTo(2);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(read(file, 0, 9)).containsExactly(3, 2);
        });
    }

    @Test
    default void badArgumentsAreNamed() {
        with(fileOf((byte) 1), Access.READ_WRITE, file -> {
            rejects(() -> read(file, -1, 1), "byteOffset=-1, byteSize=1");
            rejects(() -> read(file, Long.MAX_VALUE, 1), "byteOffset=" + Long.MAX_VALUE);
            rejects(() -> write(file, -1, new byte[1]), "byteOffset=-1, byteSize=1");
            rejects(() -> files().truncate(file, -1), "byteSize=-1");
            rejects(() -> files().allocate(file, 0, 0), "byteSize=0");
            rejects(() -> files().allocate(file, -1, 5), "byteOffset=-1");
            rejects(() -> files().sync(file, 3, 0), "byteOffset=3, byteSize=0");
            rejects(() -> files().sync(file, -3, 1), "byteOffset=-3");
            rejects(() -> files().writeBack(file, 0, -5), "byteSize=-5");
            rejects(() -> files().advise(file, -2, 0, Advice.NORMAL), "byteOffset=-2");
            MemorySegment heap = MemorySegment.ofArray(new byte[1]);
            rejects(() -> files().read(file, heap, 0), "memory is not native");
            rejects(() -> files().write(file, heap, 0), "memory is not native");
        });
    }

    @Test
    default void closedMemoryIsRejected() {
        Arena arena = Arena.ofConfined();
        MemorySegment gone = arena.allocate(1);
        arena.close();
        with(
                fileOf((byte) 1),
                Access.READ,
                file -> assertThatThrownBy(() -> files().read(file, gone, 0))
                        .isInstanceOf(IllegalStateException.class));
    }

    private static void refuses(ThrowingCallable call, String... named) {
        assertThatThrownBy(call).isInstanceOf(SystemCallException.class).hasMessageContainingAll(named);
    }

    private static void rejects(ThrowingCallable call, String... named) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(named);
    }
}
