package io.leasehold.window;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/// One of two processes that write every other window of one OWNED file, and read back what they wrote.
final class TwoWritersProgram {

    static final int WINDOWS = 16;
    static final int BYTES = WINDOWS * WindowCacheFixture.WINDOW_BYTES;

    private TwoWritersProgram() {}

    /// Runs one writer.
    ///
    /// @param arguments the file, 0 or 1 for the windows to write, and the number of rounds
    public static void main(String[] arguments) throws IOException {
        run(Path.of(arguments[0]), Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
        System.out.println("end=reached");
    }

    /// Writes every other window in each round.
    static void run(Path path, int parity, int rounds) throws IOException {
        PageArenaOptions pages = PageArenaOptions.builder()
                .byteSize(16 << 20)
                .budget(MemoryBudget.of("writers", 1 << 30))
                .build();
        WindowCacheOptions options = WindowCacheOptions.builder()
                .windows(4, WindowCacheFixture.WINDOW_BYTES)
                .extents(4, WindowCacheFixture.WINDOW_BYTES)
                .build();
        try (PageArena arena = PageArena.open(pages);
                WindowCache cache = WindowCache.open(arena, options);
                MappedFile file = cache.open(path, MappedFileOptions.owned())) {
            for (int round = 1; round <= rounds; round++) {
                for (int w = parity; w < WINDOWS; w += 2) {
                    write(cache, file, w, round);
                }
            }
            file.force();
        }
    }

    private static void write(WindowCache cache, MappedFile file, int window, int round) throws IOException {
        byte[] content = content(window, round);
        long byteOffset = (long) window * WindowCacheFixture.WINDOW_BYTES;
        cache.uiomove(
                file, Uio.writing(byteOffset, MemorySegment.ofArray(content)), AccessAdvice.NORMAL, WindowFlag.WRITE);
        byte[] back = new byte[content.length];
        long count = cache.read(file, byteOffset, MemorySegment.ofArray(back));
        if (count != back.length || !Arrays.equals(back, content)) {
            throw new AssertionError("wrong bytes: window=" + window + ", round=" + round + ", count=" + count);
        }
    }

    /// {@return what a window holds after a round}
    static byte[] content(int window, int round) {
        return WindowCacheFixture.pattern(WindowCacheFixture.WINDOW_BYTES, window * 1_000 + round);
    }
}
