package io.leasehold.netty.file;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.leasehold.netty.Transport;
import io.leasehold.window.FileTrust;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A process that serves ranges of one file until its input ends, and then prints its peak resident memory.
///
/// **Threads.** One.
final class SparseFileServer {

    private SparseFileServer() {}

    /// Runs the server.
    ///
    /// @param args the file
    public static void main(String[] args) throws IOException, InterruptedException {
        try (LeasedByteBufAllocator allocator = TestAllocators.small("sparse");
                WindowCache cache = WindowCache.open(
                        allocator.arena(),
                        WindowCacheOptions.builder().windows(4, 2 << 20).build())) {
            try (FileSource source = FileSource.open(cache, allocator, Path.of(args[0]), FileTrust.IMMUTABLE);
                    RangeServer server = new RangeServer(Transport.NIO, source, null, List::of)) {
                System.out.println("port=" + server.port());
                while (System.in.read() >= 0) {
                    Thread.onSpinWait();
                }
                System.out.println("failures=" + server.failures());
            }
            System.out.println("recycles=" + cache.stats().recycles());
        }
        System.out.println("peakKib=" + peakKib());
    }

    private static long peakKib() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
