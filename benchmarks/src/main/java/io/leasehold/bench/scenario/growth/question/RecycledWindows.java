package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.subject.UnnamedFile;
import io.leasehold.page.PageArena;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Random;

/// A cache of small windows, all of them mapped, and a file of four times their size.
///
/// The file is sparse except for its last byte, so that creating it takes no time. Windows are mapped, but not read.
///
/// **Ownership.** Closing it closes the cache and removes the file.
final class RecycledWindows implements AutoCloseable {

    static final int WINDOW_BYTES = 4 << 10;

    private static final long ARENA_MIB = 64;
    private static final int FILES_PER_CACHE = 4;

    private final PageArena arena = Load.openArena(ARENA_MIB);
    private final UnnamedFile unnamed = UnnamedFile.create();
    private final WindowCache cache;
    private final MappedFile file;
    private final int places;

    /// Opens the cache and maps all windows.
    RecycledWindows(int windows) throws IOException {
        places = windows * FILES_PER_CACHE;
        try (FileChannel channel = FileChannel.open(unnamed.path(), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), (long) places * WINDOW_BYTES - 1);
        }
        cache = WindowCache.open(
                arena,
                WindowCacheOptions.builder()
                        .name("growth")
                        .windows(windows, WINDOW_BYTES)
                        .extents(0, WINDOW_BYTES)
                        .build());
        file = open(unnamed);
        for (int place = 0; place < windows; place++) {
            acquire(place);
        }
    }

    WindowCache cache() {
        return cache;
    }

    /// {@return another file in the same cache, to be closed by the caller}
    MappedFile open(UnnamedFile other) throws IOException {
        return cache.open(
                other.path(),
                MappedFileOptions.defaults().withTrust(FileTrust.IMMUTABLE).withTier(WindowTier.RECYCLED));
    }

    /// Acquires a window of a random part of the file and releases it.
    void acquireAtRandom(Random random) throws IOException {
        acquire(random.nextInt(places));
    }

    private void acquire(int place) throws IOException {
        Window window =
                cache.alloc(file, (long) place * WINDOW_BYTES, WINDOW_BYTES, AccessAdvice.RANDOM, WindowFlag.READ);
        Objects.requireNonNull(window, "window=null, flags without NOWAIT").close();
    }

    @Override
    public void close() throws IOException {
        file.close();
        cache.close();
        arena.close();
        unnamed.close();
    }
}
