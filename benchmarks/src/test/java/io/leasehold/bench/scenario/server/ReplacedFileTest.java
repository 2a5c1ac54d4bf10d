package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.window.FileTrust;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that another process replaces by renaming while they are served. Each version is filled with its own number,
/// and its modification time contains the number. So the tag of an answer determines the expected bytes.
class ReplacedFileTest {

    private static final int ANSWERS = 1_500;

    /// The first size is copied whole, the second is sent by the system, the third is sent in chunks.
    private static final int[] SIZES = {2_000, 60_000, 300_000};

    @TempDir
    Path folder;

    private Path root() {
        return folder.resolve("root");
    }

    private void write(int version, int byteSize) throws IOException {
        byte[] content = new byte[byteSize];
        Arrays.fill(content, (byte) version);
        Path next = folder.resolve("next");
        Files.write(next, content);
        Files.setLastModifiedTime(next, FileTime.fromMillis(version * 1_000L));
        Files.move(next, root().resolve("f" + byteSize), StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void bytesMatchTheTag() throws Exception {
        Path root = Files.createDirectory(root());
        for (int byteSize : SIZES) {
            write(1, byteSize);
        }
        AtomicBoolean ends = new AtomicBoolean();
        try (ExecutorService writer = Executors.newSingleThreadExecutor()) {
            Future<?> writes = writer.submit(() -> {
                for (int version = 2; !ends.get(); version++) {
                    for (int byteSize : SIZES) {
                        write(version, byteSize);
                    }
                }
                return null;
            });
            try {
                for (FileWay way : FileWay.values()) {
                    FileOptions files = new FileOptions(root, way, FileTrust.FOREIGN);
                    try (HttpServer server = HttpServer.open(new ServerOptions(
                            0, Transport.NIO, Optional.empty(), way.allocator(), 2, Optional.of(files), 0))) {
                        ask(server, way);
                    }
                }
            } finally {
                ends.set(true);
            }
            writes.get();
        }
    }

    /// A copy that keeps the time of modification has the same time and may have the same length.
    @Test
    void tagChangesWithTheContentEvenIfTheTimeOfModificationIsSetBack() throws Exception {
        Path file = Files.createDirectory(root()).resolve("f");
        Files.writeString(file, "one");
        FileTime modified = Files.getLastModifiedTime(file);
        FileOptions files = new FileOptions(root(), FileWay.LEASEHOLD, FileTrust.FOREIGN);
        try (HttpServer server = HttpServer.open(
                        new ServerOptions(0, Transport.NIO, Optional.empty(), "leased", 1, Optional.of(files), 0));
                RawHttp client = RawHttp.connect(server, false)) {
            Set<String> tags = new HashSet<>();
            for (String content : new String[] {"one", "two", "six", "ten"}) {
                Path next = Files.writeString(folder.resolve("next"), content);
                Files.setLastModifiedTime(next, modified);
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
                RawHttp.Answer answer =
                        client.send("GET /f HTTP/1.1\r\nHost: x\r\n\r\n").read("GET");
                assertThat(answer.text()).isEqualTo(content);
                assertThat(tags.add(answer.header("etag"))).as(content).isTrue();
            }
        }
    }

    /// A log grows while it is opened. It is the same file all the time, so its latest version is sent.
    @Test
    void fileThatGrowsWhenItIsOpenedIsStillTheSameFile() throws Exception {
        Path file = Files.writeString(folder.resolve("log"), "x");
        List<FileChannel> opened = new ArrayList<>();
        FileEntry entry = FileSender.bound(
                file,
                path -> {
                    Files.writeString(path, "xx", StandardOpenOption.APPEND);
                    return FileChannel.open(path);
                },
                (version, channel) -> {
                    opened.add(channel);
                    return version;
                });
        for (FileChannel channel : opened) {
            channel.close();
        }
        assertThat(entry).isEqualTo(FileEntry.of(file));
    }

    /// The file at the path is another one at each attempt.
    @Test
    void fileThatIsReplacedAtEachAttemptIsNotBound() throws Exception {
        Path file = Files.writeString(folder.resolve("f"), "x");
        AtomicInteger opened = new AtomicInteger();
        assertThatThrownBy(() -> FileSender.bound(
                        file,
                        path -> {
                            FileChannel channel = FileChannel.open(path);
                            opened.incrementAndGet();
                            Path next = Files.writeString(folder.resolve("next"), "x");
                            Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
                            return channel;
                        },
                        (version, channel) -> version))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("replaced");
        assertThat(opened).hasValueGreaterThan(1);
    }

    @Test
    void tagHasTheTimeOfChangeIfThatIsMuchLater() {
        Path path = Path.of("f");
        long second = 1_000_000_000;
        FileEntry usual = new FileEntry(path, 3, 9 * second, 9 * second + 5, 1, 7);
        FileEntry setBack = new FileEntry(path, 3, 9 * second, 19 * second, 1, 7);
        FileEntry setBackAgain = new FileEntry(path, 3, 9 * second, 29 * second, 1, 7);
        assertThat(usual.validators().tag()).isEqualTo("\"" + Long.toHexString(9 * second) + "-3\"");
        assertThat(Set.of(
                        usual.validators().tag(),
                        setBack.validators().tag(),
                        setBackAgain.validators().tag()))
                .hasSize(3);
    }

    /// A time of modification after the last change, or before the year 1735, was set by a user.
    @ParameterizedTest
    @ValueSource(longs = {4_000_000_000_000_000_000L, Long.MAX_VALUE, Long.MIN_VALUE})
    void tagHasTheTimeOfChangeIfTheTimeOfModificationWasSetToAnyOther(long modifiedNanos) {
        Path path = Path.of("f");
        long now = 1_800_000_000_000_000_000L;
        FileEntry one = new FileEntry(path, 3, modifiedNanos, now, 1, 7);
        FileEntry two = new FileEntry(path, 3, modifiedNanos, now + 1, 1, 7);
        assertThat(one.validators().tag()).isNotEqualTo(two.validators().tag());
    }

    private static void ask(HttpServer server, FileWay way) throws Exception {
        try (RawHttp client = RawHttp.connect(server, false)) {
            for (int i = 0; i < ANSWERS; i++) {
                int byteSize = SIZES[i % SIZES.length];
                client.send("GET /f" + byteSize + " HTTP/1.1\r\nHost: x\r\n\r\n");
                RawHttp.Answer answer = client.read("GET");
                assertThat(answer.status()).as("%s", way).isEqualTo(200);
                String tag = answer.header("etag");
                long version = Long.parseLong(tag, 1, tag.indexOf('-'), 16) / 1_000_000_000;
                byte[] expected = new byte[byteSize];
                Arrays.fill(expected, (byte) version);
                assertThat(Arrays.equals(answer.body(), expected))
                        .as("%s %s", way, tag)
                        .isTrue();
            }
        }
    }
}
