package io.leasehold.window;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Main class of the JVM that [AddressLimitTest] starts with few addresses.
final class AddressLimitProgram {

    private AddressLimitProgram() {}

    /// Reads a file through a cache with the default options.
    ///
    /// @param arguments a folder
    public static void main(String[] arguments) throws IOException {
        byte[] content = WindowCacheFixture.pattern(100_000, 3);
        Path path = WindowCacheFixture.foreign(Path.of(arguments[0]), content);
        PageArenaOptions pages = PageArenaOptions.builder()
                .byteSize(16 << 20)
                .budget(MemoryBudget.of("addresses", 1 << 30))
                .build();
        try (PageArena arena = PageArena.open(pages);
                WindowCache cache = WindowCache.open(arena, WindowCacheOptions.defaults());
                MappedFile file = cache.open(path, MappedFileOptions.defaults())) {
            byte[] read = new byte[content.length];
            long count = cache.read(file, 0, MemorySegment.ofArray(read));
            boolean isRight = count == content.length && Arrays.equals(read, content);
            System.out.println("content=" + (isRight ? "right" : "wrong"));
            System.out.println("cache=" + cache);
            System.out.println("addressKib=" + addressKib());
        }
    }

    private static String addressKib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmSize:"))
                .findFirst()
                .orElseThrow()
                .replaceAll("\\D", "");
    }
}
