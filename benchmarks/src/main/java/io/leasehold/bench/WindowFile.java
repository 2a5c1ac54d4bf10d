package io.leasehold.bench;

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

/// A file of random bytes that is all in the page cache, for the benchmarks of windows.
///
/// The size of the pieces in which it is written decides, on file systems that know large folios, how large the
/// kernel's pages of it are, and that decides more than anything else what a mapping costs. So each run says how much
/// of the file the kernel mapped in pieces of 2 MiB. What is written is not forced to the disk, so nothing of it gets
/// there while it is measured.
@State(Scope.Benchmark)
public class WindowFile {

    static final long BYTES = 512L << 20;

    private static final int PATTERN_BYTES = 4 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final long HUGE_BYTES = 2 << 20;
    private static final long SEED = 42;

    /// Bytes of each piece that it is written in.
    @Param({"4194304", "4096"})
    public int written;

    private UnnamedFile file;

    /// Writes it.
    ///
    /// @throws IOException if there is no room
    @Setup(Level.Trial)
    public void write() throws IOException {
        file = UnnamedFile.create();
        byte[] pattern = new byte[PATTERN_BYTES];
        new Random(SEED).nextBytes(pattern);
        ByteBuffer piece = ByteBuffer.allocateDirect(PATTERN_BYTES).put(pattern);
        try (FileChannel channel = FileChannel.open(path(), StandardOpenOption.WRITE)) {
            for (long at = 0; at < BYTES; ) {
                int start = (int) (at % PATTERN_BYTES);
                at += channel.write(piece.limit(start + written).position(start), at);
            }
        }
        System.out.printf(
                "# %s, written in pieces of %d B: %d %% of it mapped in pieces of 2 MiB%n",
                file.fileSystem(), written, hugePercent());
    }

    /// Forgets it.
    @TearDown(Level.Trial)
    public void close() {
        file.close();
    }

    Path path() {
        return file.path();
    }

    Path folder() {
        return UnnamedFile.folder();
    }

    String name() {
        return file.name();
    }

    int descriptor() {
        return file.descriptor();
    }

    /// {@return how much of the file is mapped in huge pieces when all of it is touched in a place where it could be}
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
                throw new IllegalStateException("the bytes of the file are not those that were written");
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
