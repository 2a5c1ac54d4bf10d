package io.leasehold.netty.file;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Eventually;
import io.leasehold.window.FileTrust;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/// A cache and an allocator, both closed strictly: a test that leaves a window or a buffer behind fails.
///
/// **Threads.** Thread-safe.
final class FileFixture implements AutoCloseable {

    /// The content of the test files. Its length is odd, so that the last page is not full.
    static final byte[] CONTENT = new byte[(1 << 20) + 4_321];

    private static final int WINDOW_BYTES = 64 << 10;

    static {
        new SplittableRandom(20261121).nextBytes(CONTENT);
    }

    final LeasedByteBufAllocator allocator = TestAllocators.small("file");
    final WindowCache cache;

    /// @param isDirect true to map files whole, false to use recycled windows
    FileFixture(boolean isDirect) {
        cache = WindowCache.open(
                allocator.arena(),
                WindowCacheOptions.builder()
                        .windows(8, WINDOW_BYTES)
                        .extents(isDirect ? 160 : 0, 4 * WINDOW_BYTES)
                        .build());
    }

    /// {@return true if files can be mapped on this machine}
    static boolean canMap() {
        return VirtualMemory.system().can(Capability.MAP);
    }

    FileSource open(Path path, FileTrust trust) {
        try {
            return FileSource.open(cache, allocator, path, trust);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// {@return a file of [#CONTENT]}
    static Path content(Path folder) throws IOException {
        return Files.write(Files.createTempFile(folder, "content", ""), CONTENT);
    }

    /// {@return a file of this many zeroes}
    static Path zeroes(Path folder, long byteSize) throws IOException {
        Path path = Files.createTempFile(folder, "zeroes", "");
        resize(path, byteSize);
        return path;
    }

    static void resize(Path path, long byteSize) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            if (byteSize < channel.size()) {
                channel.truncate(byteSize);
            } else if (byteSize > 0) {
                channel.write(ByteBuffer.wrap(new byte[1]), byteSize - 1);
            }
        }
    }

    /// Waits until only its owner holds a source.
    static void awaitIdle(FileSource source) {
        Eventually.holds(
                "all content came to its end: " + source,
                () -> source.toString().contains("holds=1"));
    }

    @Override
    public void close() throws IOException {
        cache.close();
        allocator.close();
    }
}
