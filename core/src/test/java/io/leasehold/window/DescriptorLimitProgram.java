package io.leasehold.window;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Main class of the JVM that [DescriptorLimitTest] starts with few descriptors.
///
/// ```text
///   open files until the system refuses one ---> read all open files ---> close them ---> open, read, lend and close
///                                                                                         a file N times
/// ```
final class DescriptorLimitProgram {

    private static final int MAX_FILES = 1_000;
    private static final byte[] CONTENT = WindowCacheFixture.pattern(3 * WindowCacheFixture.WINDOW_BYTES, 7);

    private DescriptorLimitProgram() {}

    /// Runs out of descriptors once, and then opens and closes files.
    ///
    /// @param arguments an empty folder, and the number of cycles; with 1 cycle nothing is read before
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int cycles = Integer.parseInt(arguments[1]);
        PageArenaOptions pages = PageArenaOptions.builder()
                .byteSize(16 << 20)
                .budget(MemoryBudget.of("descriptors", 1 << 30))
                .build();
        WindowCacheOptions options = WindowCacheOptions.builder()
                .windows(16, WindowCacheFixture.WINDOW_BYTES)
                .extents(16, WindowCacheFixture.WINDOW_BYTES)
                .build();
        try (PageArena arena = PageArena.open(pages);
                WindowCache cache = WindowCache.open(arena, options)) {
            Path one = Files.write(folder.resolve("one"), CONTENT);
            cycle(cache, one, cycles / 10); // what is made once is made now
            long mappings = count(Path.of("/proc/self/maps"));
            long descriptors = list(Path.of("/proc/self/fd"));
            exhaust(cache, one, cycles > 1);
            cycle(cache, one, cycles);
            cache.checkInvariants();
            System.out.println("descriptors.more=" + Math.max(0, list(Path.of("/proc/self/fd")) - descriptors));
            System.out.println("mappings.more=" + Math.max(0, count(Path.of("/proc/self/maps")) - mappings));
        }
        System.out.println("end=reached");
    }

    /// @param reads true if the files are read while no descriptor is left
    private static void exhaust(WindowCache cache, Path path, boolean reads) throws IOException {
        List<MappedFile> open = new ArrayList<>();
        String refusal = "none";
        for (int i = 0; i < MAX_FILES; i++) {
            try {
                open.add(cache.open(path, MappedFileOptions.defaults()));
            } catch (IOException e) {
                refusal = e.toString();
                break;
            }
        }
        System.out.println("refusal=" + refusal);
        System.out.println("open=" + open.size());
        for (MappedFile file : open) {
            if (reads) {
                check(cache, file);
            }
            file.close();
        }
    }

    private static void cycle(WindowCache cache, Path path, int cycles) throws IOException {
        for (int i = 0; i < cycles; i++) {
            MappedFileOptions options = i % 2 == 0 ? MappedFileOptions.defaults() : MappedFileOptions.owned();
            try (MappedFile file = cache.open(path, options)) {
                check(cache, file);
            }
        }
    }

    private static void check(WindowCache cache, MappedFile file) throws IOException {
        byte[] bytes = new byte[CONTENT.length];
        long count = cache.read(file, 0, MemorySegment.ofArray(bytes));
        if (count != bytes.length || !Arrays.equals(bytes, CONTENT)) {
            throw new AssertionError("wrong bytes: count=" + count + ", file=" + file);
        }
    }

    private static long count(Path lines) throws IOException {
        try (Stream<String> all = Files.lines(lines)) {
            return all.count();
        }
    }

    private static long list(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.count();
        }
    }
}
