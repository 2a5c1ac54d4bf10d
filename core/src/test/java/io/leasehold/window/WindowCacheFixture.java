package io.leasehold.window;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyFiles;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.Files;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/// A cache of few small windows with its arena, over kernel seams that count calls and inject failures.
///
/// **Ownership.** Closing it closes the cache and the arena, both strictly, and checks that no mapping stays charged.
///
/// **Threads.** As the cache.
final class WindowCacheFixture implements AutoCloseable {

    /// Few pages, so that a few hundred bytes more are in another window.
    static final int WINDOW_BYTES = 4 * (int) VirtualMemory.system().pageSize();

    private static final long MAPPINGS = 4096;

    final FaultyFiles files = new FaultyFiles(Files.system());
    final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    final WindowCache cache;
    private final MappingBudget mappings = new MappingBudget(MAPPINGS);
    private final Reservations reservations;
    final PageArena arena;

    WindowCacheFixture(WindowCacheOptions options) {
        this(options, new WatchedFiles.Watcher() {});
    }

    WindowCacheFixture(WindowCacheOptions options, WatchedFiles.Watcher watcher) {
        this(options, watcher, seen -> seen);
    }

    /// {@return a cache over an arena whose wired pages are locked in memory}
    static WindowCacheFixture withLockedPages(WindowCacheOptions options) {
        return new WindowCacheFixture(options, new WatchedFiles.Watcher() {}, seen -> seen, true);
    }

    /// @param wrapper puts another seam before the one that injects failures
    WindowCacheFixture(WindowCacheOptions options, WatchedFiles.Watcher watcher, UnaryOperator<VirtualMemory> wrapper) {
        this(options, watcher, wrapper, false);
    }

    private WindowCacheFixture(
            WindowCacheOptions options,
            WatchedFiles.Watcher watcher,
            UnaryOperator<VirtualMemory> wrapper,
            boolean lockWired) {
        this.reservations = new Reservations(wrapper.apply(memory), mappings);
        PageArenaOptions pages = PageArenaOptions.builder()
                .name("arena")
                .byteSize(8 << 20)
                .lockWired(lockWired)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
        this.arena = PageArenas.open(pages, reservations);
        this.cache = WindowCache.open(arena, options, new WatchedFiles(files, watcher), reservations);
    }

    /// {@return options with windows of [#WINDOW_BYTES], and extents of four times that}
    static WindowCacheOptions options(int windows, int extents) {
        return WindowCacheOptions.builder()
                .windows(windows, WINDOW_BYTES)
                .extents(extents, 4L * WINDOW_BYTES)
                .dirtyByteSize(3L * WINDOW_BYTES)
                .build();
    }

    /// {@return true if files can be mapped here}
    static boolean canMap() {
        return Files.system().can(Files.Capability.MAP)
                && VirtualMemory.system().can(Capability.MAP);
    }

    MappedFile open(Path path, FileTrust trust, WindowTier tier) throws IOException {
        MappedFileOptions options = trust == FileTrust.OWNED
                ? MappedFileOptions.owned()
                : MappedFileOptions.defaults().withTrust(trust);
        return cache.open(path, options.withTier(tier));
    }

    byte[] read(MappedFile file, long byteOffset, int byteSize) throws IOException {
        byte[] bytes = new byte[byteSize];
        long count = cache.read(file, byteOffset, MemorySegment.ofArray(bytes));
        return Arrays.copyOf(bytes, (int) count);
    }

    void write(MappedFile file, long byteOffset, byte... content) throws IOException {
        cache.uiomove(
                file, Uio.writing(byteOffset, MemorySegment.ofArray(content)), AccessAdvice.NORMAL, WindowFlag.WRITE);
    }

    /// {@return bytes without zeroes; any two windows of them differ}
    static byte[] pattern(int byteSize, int salt) {
        byte[] bytes = new byte[byteSize];
        for (int i = 0; i < byteSize; i++) {
            bytes[i] = patternAt(i, salt);
        }
        return bytes;
    }

    static byte patternAt(long position, int salt) {
        long mixed = (position + salt) * 0x9E37_79B9_7F4A_7C15L;
        return (byte) (1 + Math.floorMod(mixed >>> 32, 255));
    }

    /// {@return a file that was written outside the cache}
    static Path foreign(Path folder, byte[] content) throws IOException {
        return java.nio.file.Files.write(java.nio.file.Files.createTempFile(folder, "file", ""), content);
    }

    /// Opens a file outside the cache.
    static FileChannel channel(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    static void writeAsOthers(Path path, long byteOffset, byte... content) throws IOException {
        try (FileChannel channel = channel(path)) {
            channel.write(ByteBuffer.wrap(content), byteOffset);
        }
    }

    static void truncateAsOthers(Path path, long byteSize) throws IOException {
        try (FileChannel channel = channel(path)) {
            channel.truncate(byteSize);
        }
    }

    @Override
    public void close() throws IOException {
        cache.checkInvariants();
        cache.close();
        arena.close();
        reservations.releaseRetained();
        if (mappings.used() != 0) {
            throw new AssertionError("mappings stay charged: used=" + mappings.used());
        }
    }
}
