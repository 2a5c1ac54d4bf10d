package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.ForkedJvm;
import io.leasehold.window.WindowCache;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file of 100 GiB, nearly all of it holes, is served in ranges by a process that has 256 MiB: by sendfile and by
/// windows in turn. Every byte is a zero, or part of a marker that the test wrote.
///
/// `-Dleasehold.soak=true` sends the whole file; otherwise the test sends some ranges around markers.
class SparseFileTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final long FILE_BYTES = 100L << 30;
    private static final long BOUND_KIB = 256 << 10;
    private static final int MARKERS = 200;
    private static final long RANGE_BYTES = SOAK ? 256L << 20 : 2 << 20;
    private static final int RANGES = SOAK ? (int) (FILE_BYTES / RANGE_BYTES) : 16;
    private static final int PIECE_BYTES = 1 << 20;
    private static final int STOP_SECONDS = 30;

    @TempDir
    Path folder;

    private final NavigableSet<Long> markers = new TreeSet<>();

    @Test
    void hugeFileIsServedFromLittleMemory() throws Exception {
        TestMemory.require(FileFixture.canMap(), "nothing is mapped here");
        SplittableRandom random = Seeds.random("SparseFileTest");
        Path file = plant(random);
        Process process = start(file);
        try (BufferedReader said = process.inputReader()) {
            int port = Integer.parseInt(value(said, "port="));
            try (RangeClient client = new RangeClient(port, null, PIECE_BYTES)) {
                for (int i = 0; i < RANGES; i++) {
                    long from = SOAK ? i * RANGE_BYTES : around(random);
                    check(client, from, i % 2 == 0 ? "" : "/chunks");
                }
            }
            process.outputWriter().close();
            assertThat(value(said, "failures=")).isEqualTo("[]");
            assertThat(Long.parseLong(value(said, "recycles="))).isPositive();
            long peakKib = Long.parseLong(value(said, "peakKib="));
            System.out.println("SparseFileTest: peakKib=" + peakKib + ", sentMib=" + ((RANGES * RANGE_BYTES) >> 20));
            assertThat(peakKib).isLessThan(BOUND_KIB);
            assertThat(process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    /// {@return a range with a marker in it; some ranges begin in the middle of one}
    private long around(SplittableRandom random) {
        long marker = markers.stream()
                .skip(random.nextInt(markers.size()))
                .findFirst()
                .orElseThrow();
        return Math.clamp(marker + 4 - random.nextLong(RANGE_BYTES), 0, FILE_BYTES - RANGE_BYTES);
    }

    private void check(RangeClient client, long from, String way) throws IOException {
        assertThat(client.ask("/" + from + "/" + RANGE_BYTES + way)).isEqualTo(RANGE_BYTES);
        byte[] piece = new byte[PIECE_BYTES];
        byte[] right = new byte[PIECE_BYTES];
        for (long at = from; at < from + RANGE_BYTES; at += PIECE_BYTES) {
            client.read(piece);
            for (long marker : markers.subSet(at - Long.BYTES, false, at + PIECE_BYTES, false)) {
                put(right, marker, at);
            }
            assertThat(Arrays.mismatch(piece, right))
                    .as("wrong byte from %d on%s", at, way)
                    .isEqualTo(-1);
            Arrays.fill(right, (byte) 0);
        }
    }

    /// Writes the part of a marker that lies within the array.
    private static void put(byte[] to, long marker, long at) {
        for (int i = 0; i < Long.BYTES; i++) {
            long index = marker + i - at;
            if (index >= 0 && index < to.length) {
                to[(int) index] = (byte) (~marker >>> i);
            }
        }
    }

    private Path plant(SplittableRandom random) throws IOException {
        Path path = folder.resolve("sparse");
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), FILE_BYTES - 1);
            for (int i = 0; i < MARKERS; i++) {
                long marker = random.nextLong(FILE_BYTES >>> 4) << 4; // none within another
                byte[] bytes = new byte[Long.BYTES];
                put(bytes, marker, marker);
                channel.write(ByteBuffer.wrap(bytes), marker);
                markers.add(marker);
            }
        }
        return path;
    }

    private static Process start(Path file) throws IOException {
        String classPath = Stream.of(
                        ForkedJvm.rootOf(SparseFileServer.class).toString(),
                        ForkedJvm.rootOf(WindowCache.class).toString(),
                        System.getProperty("java.class.path", ""),
                        System.getProperty("jdk.module.path", "")) // where Netty is if we are a module
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:MaxDirectMemorySize=16m",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        SparseFileServer.class.getName(),
                        file.toString()))
                .redirectErrorStream(true)
                .start();
    }

    private static String value(BufferedReader said, String key) throws IOException {
        StringBuilder other = new StringBuilder();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.startsWith(key)) {
                return line.substring(key.length());
            }
            other.append(line).append('\n');
        }
        throw new AssertionError("the server did not say " + key + " but: " + other);
    }
}
