package io.leasehold.bench.jmh;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// A window cache with one open file.
///
/// @param arena for copies of the cache
/// @param cache the cache
/// @param file its file
record OpenWindows(PageArena arena, WindowCache cache, MappedFile file) implements AutoCloseable {

    private static final int PIECE_BYTES = 64 << 10;

    /// Maximum number of passes over a file until all of it is in windows.
    private static final int PASSES = 20;

    /// {@return the file as `FOREIGN`, which other processes may truncate, opened in its own cache}
    static OpenWindows open(WindowCacheOptions options, Path path, WindowTier tier) throws IOException {
        return open(options, path, MappedFileOptions.defaults().withTier(tier));
    }

    /// {@return the file as `IMMUTABLE`, which no process truncates, opened in its own cache}
    static OpenWindows openImmutable(WindowCacheOptions options, Path path) throws IOException {
        return open(options, path, MappedFileOptions.defaults().withTrust(FileTrust.IMMUTABLE));
    }

    private static OpenWindows open(WindowCacheOptions options, Path path, MappedFileOptions fileOptions)
            throws IOException {
        PageArena arena = PageArena.open(
                PageArenaOptions.builder().name("bench").byteSize(16L << 20).build());
        WindowCache cache = WindowCache.open(arena, options);
        return new OpenWindows(arena, cache, cache.open(path, fileOptions));
    }

    /// {@return the number of copied bytes}
    long read(long byteOffset, MemorySegment to) throws IOException {
        return cache.read(file, byteOffset, to);
    }

    /// Reads a part of the file until all of it is read through windows. If the cache chooses the tier, the passes give
    /// it time to choose.
    void warm(long byteSize) throws IOException {
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment piece = memory.allocate(PIECE_BYTES);
            for (int pass = 0; pass < PASSES; pass++) {
                long bypasses = cache.stats().bypasses();
                for (long at = 0; at < byteSize; at += PIECE_BYTES) {
                    read(at, piece);
                }
                if (pass > 0 && cache.stats().bypasses() == bypasses) {
                    return;
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        cache.close();
        arena.close();
    }
}
