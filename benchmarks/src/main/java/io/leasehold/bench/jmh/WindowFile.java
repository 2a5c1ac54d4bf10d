package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.UnnamedFile;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.VirtualMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A file of random bytes that is completely in the page cache, for the benchmarks of windows.
///
/// On file systems with large folios, the size of the writes decides how large the kernel's pages of the file are. That
/// influences the cost of a mapping more than anything else. So each run prints how much of the file the kernel mapped
/// in pieces of 2 MiB. Written data is not forced to the disk, so no data is written to the disk during the
/// measurement.
@State(Scope.Benchmark)
public class WindowFile {

    static final long BYTES = 512L << 20;

    private static final int PATTERN_BYTES = 4 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final long HUGE_BYTES = 2 << 20;
    private static final long SEED = 42;

    /// Bytes of each write.
    @Param({"4194304", "4096"})
    public int written;

    private UnnamedFile file;

    /// Writes the file.
    ///
    /// @throws IOException if there is not enough space
    @Setup(Level.Trial)
    public void write() throws IOException {
        file = UnnamedFile.create();
        byte[] pattern = new byte[PATTERN_BYTES];
        new Random(SEED).nextBytes(pattern);
        ByteBuffer piece = ByteBuffer.allocateDirect(PATTERN_BYTES).put(pattern);
        try (FileChannel channel = FileChannel.open(path(), StandardOpenOption.WRITE)) {
            for (long at = 0; at < BYTES; ) {
                int start = (int) (at % PATTERN_BYTES);
                at += channel.write(
                        piece.limit(Math.min(PATTERN_BYTES, start + written)).position(start), at);
            }
        }
        System.out.println("# " + file.fileSystem() + ", written in pieces of " + written + " B: " + hugePercent()
                + " % mapped in pieces of 2 MiB");
    }

    /// Closes the file, which deletes it.
    @TearDown(Level.Trial)
    public void close() {
        file.close();
    }

    UnnamedFile unnamed() {
        return file;
    }

    Path path() {
        return file.path();
    }

    int descriptor() {
        return file.descriptor();
    }

    /// {@return the percentage of the file that is mapped in huge pages when all of it is touched at a suitable
    /// address}
    private long hugePercent() throws IOException {
        VirtualMemory memory = VirtualMemory.system();
        long address = memory.reserve(BYTES, HUGE_BYTES);
        try {
            memory.map(address, BYTES, descriptor(), 0, VirtualMemory.Protection.READ);
            int sum = 0;
            for (long at = 0; at < BYTES; at += PAGE_BYTES) {
                sum += OffHeap.getByte(address + at);
            }
            if (sum == Integer.MAX_VALUE) {
                throw new IllegalStateException("file does not contain the bytes that were written");
            }
            return hugeBytes(Long.toHexString(address) + "-") * 100 / BYTES;
        } finally {
            memory.release(address, BYTES);
        }
    }

    private static long hugeBytes(String start) throws IOException {
        boolean isOurs = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            isOurs = line.startsWith(start) || (isOurs && !line.matches("[0-9a-f]+-.*"));
            if (isOurs && line.startsWith("FilePmdMapped:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        return 0;
    }
}
