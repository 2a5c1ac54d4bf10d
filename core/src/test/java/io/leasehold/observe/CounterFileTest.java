package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.observe.counters.CounterFile;
import io.leasehold.observe.counters.CounterSnapshot;
import io.leasehold.observe.counters.CounterSnapshot.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CounterFileTest {

    private static final int HEADER_BYTES = 4096;
    private static final int METADATA_BYTES = 512 * 512;
    private static final int VALUES_BYTES = 512 * 128;

    private static final int READS = 3_000;

    @TempDir
    Path temporary;

    private Path folder;

    @BeforeEach
    void chooseFolder() {
        folder = temporary.resolve("leasehold-test");
    }

    @Test
    void interruptedThreadCreatesTheFile() throws IOException {
        Thread.currentThread().interrupt();
        CounterFile file = CounterFile.create(folder);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(file.path()).exists();
    }

    @Test
    void interruptedThreadLeavesTheFileOfAnotherCopyAlone() throws IOException {
        CounterFile first = CounterFile.create(folder);
        Thread.currentThread().interrupt();
        CounterFile second = CounterFile.create(folder);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(second.path()).isEqualTo(Path.of(first.path() + "-2"));
    }

    @Test
    void agronaReadsTheCounters() throws IOException {
        CounterFile file = CounterFile.create(folder);
        int first = file.allocate(1001, 7, 0, "web: limit bytes");
        int second = file.allocate(1020, 7, -4096, "web: 4096 B: blocks");
        file.set(first, 123_456_789_012L);
        file.set(second, 3);
        try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
            MappedByteBuffer all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            CountersReader reader = new CountersReader(
                    new UnsafeBuffer(all, HEADER_BYTES, METADATA_BYTES),
                    new UnsafeBuffer(all, HEADER_BYTES + METADATA_BYTES, VALUES_BYTES));
            List<String> seen = new ArrayList<>();
            reader.forEach((id, type, key, label) ->
                    seen.add(id + " " + type + " " + key.getInt(0) + " " + label + " = " + reader.getCounterValue(id)));
            assertThat(seen)
                    .containsExactly("0 1001 7 web: limit bytes = 123456789012", "1 1020 7 web: 4096 B: blocks = 3");
            assertThat(reader.getCounterRegistrationId(0)).isEqualTo(7);
            file.free(first);
            assertThat(reader.getCounterState(0)).isEqualTo(CountersReader.RECORD_RECLAIMED);
        }
    }

    @Test
    void labelsKeepTheirCharacters() throws IOException {
        CounterFile file = CounterFile.create(folder);
        assertThat(file.allocate(1, 1, 0, "k\u00e4se")).isZero();
        assertThat(file.allocate(1, 1, 0, "a" + "\u20ac".repeat(200))).isEqualTo(1);
        assertThat(file.allocate(1, 1, 0, "a\nb\u0085c\u009bd\u2028e")).isEqualTo(2);
        assertThat(CounterSnapshot.read(file.path()).counters().stream().map(Counter::label))
                .containsExactly("k\u00e4se", "a" + "\u20ac".repeat(126), "a?b?c?d?e");
    }

    @Test
    void freedCountersAreUsedAgainAndAFullFileGivesNone() throws IOException {
        CounterFile file = CounterFile.create(folder);
        for (int i = 0; i < 512; i++) {
            assertThat(file.allocate(1, 1, 0, "counter " + i)).isEqualTo(i);
        }
        int none = file.allocate(1, 1, 0, "too many");
        assertThat(none).isEqualTo(CounterFile.NONE);
        file.set(none, 1);
        file.free(none);
        file.set(100, 5);
        file.free(100);
        assertThat(CounterSnapshot.read(file.path()).counters()).hasSize(511);
        assertThat(file.allocate(2, 1, 0, "again")).isEqualTo(100);
        assertThat(CounterSnapshot.read(file.path()).counters().get(100)).isEqualTo(new Counter(2, 1, 0, "again", 0));
    }

    @Test
    void aLabelIsNeverAMixtureOfTwo() throws Exception {
        CounterFile file = CounterFile.create(folder);
        AtomicBoolean isDone = new AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; !isDone.get(); i++) {
                int value = i % 26;
                int counter =
                        file.allocate(1, 1, 0, Character.toString('a' + value).repeat(380));
                file.set(counter, value);
                LockSupport.parkNanos(1_000_000); // longer than two reads, as for real updates
                file.free(counter);
            }
        });
        try {
            for (int i = 0; i < READS; i++) {
                for (Counter counter : CounterSnapshot.read(file.path()).counters()) {
                    assertThat(counter.label().chars().distinct().count())
                            .as(counter.label())
                            .isEqualTo(1);
                    assertThat(counter.value()).isIn(0L, (long) counter.label().charAt(0) - 'a');
                }
            }
        } finally {
            isDone.set(true);
            writer.join();
        }
    }

    @Test
    void onlyTheOwnerReadsTheFile() throws IOException {
        assumeTrue(temporary.getFileSystem().supportedFileAttributeViews().contains("posix"));
        CounterFile file = CounterFile.create(folder);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
                .isEqualTo("rw-------");
    }

    @Test
    void aFolderThatOthersCanChangeIsRefused() throws IOException {
        assumeTrue(temporary.getFileSystem().supportedFileAttributeViews().contains("posix"));
        Files.createDirectory(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> CounterFile.create(folder))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "folder is open to other users: path=" + folder + ", permissions=rwxrwxrwx, allowed=rwx------");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aLinkInPlaceOfTheFolderIsRefused() throws IOException {
        Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
        Files.createSymbolicLink(folder, elsewhere);
        assertThatThrownBy(() -> CounterFile.create(folder))
                .isInstanceOf(IOException.class)
                .hasMessage("not a folder, or a symbolic link: path=" + folder);
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void aLinkInPlaceOfTheFileIsNotFollowed() throws IOException {
        Path name = CounterFile.create(folder).path();
        Files.delete(name);
        Path victim = Files.writeString(temporary.resolve("victim"), "keep me");
        Files.createSymbolicLink(name, victim);
        Path created = CounterFile.create(folder).path();
        assertThat(created).isEqualTo(name);
        assertThat(Files.isRegularFile(name, LinkOption.NOFOLLOW_LINKS)).isTrue();
        assertThat(victim).hasContent("keep me");
    }

    @Test
    void eachCopyOfTheLibraryHasAFile() throws IOException {
        CounterFile first = CounterFile.create(folder);
        CounterFile second = CounterFile.create(folder);
        assertThat(second.path()).isEqualTo(Path.of(first.path() + "-2"));
        first.allocate(1000, 1, 0, "web");
        assertThat(CounterSnapshot.read(second.path()).counters()).isEmpty();
    }

    @Test
    void theNinthCopyTakesThePlaceOfTheOneThatIsIdleLongest() throws IOException {
        List<CounterFile> copies = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            CounterFile copy = CounterFile.create(folder);
            copy.beat(i == 3 ? 1_000 : 2_000 + i);
            copies.add(copy);
        }
        assertThat(CounterFile.create(folder).path()).isEqualTo(copies.get(3).path());
        copies.get(3).set(copies.get(3).allocate(1, 1, 0, "still writes"), 1);
    }

    @Test
    void aFileOfAnEarlierProcessWithTheSameNumberIsReplaced() throws IOException {
        CounterFile earlier = CounterFile.create(folder);
        earlier.allocate(1000, 1, 0, "web");
        change(earlier.path(), 24, 8, 12345); // another start
        CounterFile later = CounterFile.create(folder);
        assertThat(later.path()).isEqualTo(earlier.path());
        assertThat(CounterSnapshot.read(later.path()).counters()).isEmpty();
    }

    @Test
    void onlyOldFilesOfProcessesThatEndedAreRemoved() throws IOException {
        Path own = CounterFile.create(folder).path();
        Path old = Files.copy(own, folder.resolve("2147483646"));
        Path recent = Files.copy(own, folder.resolve("2147483645"));
        Path other = Files.writeString(folder.resolve("notes"), "keep me");
        for (Path path : List.of(own, old, other)) {
            Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        }
        CounterFile.create(folder);
        assertThat(old).doesNotExist();
        assertThat(List.of(own, recent, other)).allMatch(Files::exists);
    }

    @Test
    void aFileThatCannotBeUsedIsNamedWithItsFault() throws IOException {
        Path path = CounterFile.create(folder).path();
        byte[] good = Files.readAllBytes(path);

        assertFault(
                path,
                good.length - 1,
                0,
                0,
                0,
                "counter file is truncated: path=" + path + ", bytes=" + (good.length - 1) + ", min=" + good.length);
        assertFault(path, 100, 0, 0, 0, "counter file is truncated: path=" + path + ", bytes=100, min=" + good.length);
        assertFault(path, 0, 0, 0, 0, "counter file is truncated: path=" + path + ", bytes=0, min=" + good.length);
        assertFault(path, good.length, 0, 4, 0, "counter file is not complete yet: path=" + path);
        assertFault(
                path,
                good.length,
                0,
                4,
                2,
                "counter file is of a newer version of the library: path=" + path
                        + ", version=2, min=1, max=1; use the stat command of that version");
        assertFault(
                path,
                good.length,
                0,
                4,
                -1,
                "counter file is of an older version of the library: path=" + path
                        + ", version=-1, min=1, max=1; use the stat command of that version");
        assertFault(
                path,
                4096,
                0,
                4,
                2,
                "counter file is of a newer version of the library: path=" + path
                        + ", version=2, min=1, max=1; use the stat command of that version");
        assertFault(
                path,
                good.length,
                8,
                8,
                1,
                "not a counter file, or of a machine with another byte order: path=" + path);
        assertFault(
                path,
                good.length,
                40,
                4,
                77,
                "counter file is corrupt: path=" + path + ", metadataLength=77, valuesLength=65536");
        change(path, HEADER_BYTES, 4, 1);
        change(path, HEADER_BYTES + 128, 4, 381);
        assertThatThrownBy(() -> CounterSnapshot.read(path))
                .hasMessage("counter file is corrupt: path=" + path + ", counter=0, labelLength=381");
        Files.delete(path);
        assertThatThrownBy(() -> CounterSnapshot.read(path)).hasMessage("there is no counter file: path=" + path);
    }

    /// Reads a copy of a good file with a fault.
    private void assertFault(Path path, int length, int at, int size, long value, String message) throws IOException {
        byte[] good = Files.readAllBytes(path);
        try {
            if (size > 0) {
                change(path, at, size, value);
            }
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(length);
            }
            assertThatThrownBy(() -> CounterSnapshot.read(path))
                    .isInstanceOf(IOException.class)
                    .hasMessage(message);
        } finally {
            Files.write(path, good, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        }
    }

    static void change(Path path, int at, int size, long value) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
        if (size == Integer.BYTES) {
            bytes.putInt(0, (int) value);
        } else {
            bytes.putLong(0, value);
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(bytes, at);
        }
    }
}
