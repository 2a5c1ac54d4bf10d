package io.leasehold.window;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Protection;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// Main class of the JVM that [MappingExhaustionTest] starts: takes every mapping that the kernel allows a process,
/// uses a cache, frees the mappings, and uses the cache again.
final class MappingExhaustionProgram {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;
    private static final int WINDOWS = 16;
    private static final int USELESS_CLASSES = 1_000;
    private static final int NO_DESCRIPTOR = 1 << 20;
    private static final int PARTS = 2 * WINDOWS;
    private static final byte[] CONTENT = WindowCacheFixture.pattern(PARTS * WINDOW, 1);

    private final VirtualMemory memory = VirtualMemory.system();
    private final long page = memory.pageSize();

    private MappingExhaustionProgram() {}

    /// Exhausts the mappings once.
    ///
    /// @param arguments a file to be written
    public static void main(String[] arguments) throws IOException {
        new MappingExhaustionProgram().run(Path.of(arguments[0]));
    }

    private void run(Path path) throws IOException {
        for (WindowTier tier : List.of(WindowTier.DIRECT, WindowTier.RECYCLED)) {
            Files.write(of(path, tier), CONTENT);
        }
        List<Class<?>> kept = fillMetaspaceReserve();
        rehearse(path);
        PageArenaOptions pages = PageArenaOptions.builder()
                .byteSize(16 << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("exhaustion", 1 << 30))
                .build();
        WindowCacheOptions options = WindowCacheOptions.builder()
                .windows(WINDOWS, WINDOW)
                .extents(WINDOWS, WINDOW)
                .directByteSize(0)
                .build();
        try (PageArena arena = PageArena.open(pages);
                WindowCache cache = WindowCache.open(arena, options);
                MappedFile direct = open(cache, path, WindowTier.DIRECT);
                MappedFile recycled = open(cache, path, WindowTier.RECYCLED)) {
            use("before", cache, direct, recycled);
            openAnother("before", arena, options);
            // the windows of an unused cache are all in one mapping
            try (WindowCache unused = WindowCache.open(
                            arena, options.toBuilder().name("unused").build());
                    MappedFile unusedDirect = open(unused, path, WindowTier.DIRECT);
                    MappedFile unusedRecycled = open(unused, path, WindowTier.RECYCLED)) {
                long byteSize = 2 * page * memory.mappingLimit();
                long all = memory.reserve(byteSize, page);
                System.out.println("taken=" + takeMappings(memory, all, byteSize));
                use("used", cache, direct, recycled);
                use("unused", unused, unusedDirect, unusedRecycled);
                openAnother("another", arena, options);
                memory.release(all, byteSize);
                use("again", unused, unusedDirect, unusedRecycled);
                unused.checkInvariants();
            }
            openAnother("afterwards", arena, options);
            cache.checkInvariants();
        }
        System.out.println("kept=" + kept.size());
        System.out.println("end=reached");
    }

    /// Loads unneeded classes and drops every second one: the JVM keeps their memory for classes that it loads later.
    /// It would give back memory of which no part is in use.
    ///
    /// @return the classes that stay
    private static List<Class<?>> fillMetaspaceReserve() throws IOException {
        List<Class<?>> kept = new ArrayList<>();
        try (InputStream in = MappingExhaustionProgram.class.getResourceAsStream("MappingExhaustionProgram.class")) {
            byte[] bytes = Objects.requireNonNull(in).readAllBytes();
            for (int i = 0; i < USELESS_CLASSES; i++) {
                Class<?> useless = new ClassLoader(MappingExhaustionProgram.class.getClassLoader()) {
                    Class<?> define() {
                        return defineClass(null, bytes, 0, bytes.length);
                    }
                }.define();
                if (i % 2 == 0) {
                    kept.add(useless);
                }
            }
        }
        System.gc();
        return kept;
    }

    /// Runs all steps once, with injected failures and one of the kernel. The JVM maps memory for each class that it
    /// loads, also for the classes that build a message, and ends if a mapping fails.
    private void rehearse(Path path) throws IOException {
        long place = memory.reserve(page, page);
        try {
            memory.map(place, page, NO_DESCRIPTOR, 0, Protection.READ_WRITE);
        } catch (SystemCallException e) {
            System.out.println("rehearsal.kernel=" + e.getMessage());
        }
        memory.release(place, page);
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(WINDOWS, WINDOWS));
                MappedFile direct = open(fixture.cache, path, WindowTier.DIRECT);
                MappedFile recycled = open(fixture.cache, path, WindowTier.RECYCLED)) {
            fixture.memory.failFrom(Call.MAP, 1, Errno.ENOMEM);
            use("rehearsal", fixture.cache, direct, recycled);
            try {
                fixture.memory.map(0, 0, 0, 0, Protection.READ);
            } catch (SystemCallException e) {
                System.out.println("rehearsal.message=" + e.getMessage());
            }
            fixture.memory.disarm();
            fixture.memory.failFrom(Call.COMMIT, 1, Errno.ENOMEM);
            System.out.println("rehearsal.taken=" + takeMappings(fixture.memory, 0, page));
            fixture.memory.disarm();
            use("rehearsal.again", fixture.cache, direct, recycled);
        }
    }

    private static MappedFile open(WindowCache cache, Path path, WindowTier tier) throws IOException {
        return cache.open(of(path, tier), MappedFileOptions.owned().withTier(tier));
    }

    /// {@return the file of a tier; a cache opens one file for writing once}
    private static Path of(Path path, WindowTier tier) {
        return path.resolveSibling(path.getFileName() + "." + tier);
    }

    /// Makes every second page accessible, until the kernel reports too many mappings.
    ///
    /// @return number of pages
    private long takeMappings(VirtualMemory of, long address, long byteSize) {
        long taken = 0;
        try {
            while (taken < memory.mappingLimit()) {
                of.commit(address + 2 * page * taken, page); // two mappings more
                taken++;
            }
        } catch (SystemCallException e) {
            System.out.println("failure=" + e.getMessage());
        }
        try {
            of.commit(address + byteSize - page, page); // one mapping more
            taken++;
        } catch (SystemCallException e) {
            System.out.println("last=" + e.getMessage());
        }
        return taken;
    }

    /// Reads, writes and lends; prints the number of windows mapped, and the failure.
    private static void use(String when, WindowCache cache, MappedFile... files) throws IOException {
        long admits = cache.stats().admits();
        int lent = 0;
        String failure = "none";
        for (MappedFile file : files) {
            byte[] bytes = new byte[CONTENT.length];
            for (int part = 0; part < PARTS; part++) {
                MemorySegment to = MemorySegment.ofArray(bytes).asSlice((long) part * WINDOW, WINDOW);
                require(cache.read(file, (long) part * WINDOW, to) == WINDOW, "count");
            }
            require(Arrays.equals(bytes, CONTENT), when + ": wrong bytes: " + file);
            cache.uiomove(
                    file,
                    Uio.writing(9, MemorySegment.ofArray(CONTENT).asSlice(9, WINDOW)),
                    AccessAdvice.NORMAL,
                    WindowFlag.WRITE);
            for (int part = 0; part < PARTS; part++) {
                try (Window window = Objects.requireNonNull(
                        cache.alloc(file, (long) part * WINDOW, WINDOW, AccessAdvice.NORMAL, WindowFlag.READ))) {
                    MemorySegment expected = MemorySegment.ofArray(CONTENT).asSlice((long) part * WINDOW, WINDOW);
                    require(window.segment().mismatch(expected) < 0, when + ": wrong bytes are lent: " + window);
                    lent++;
                } catch (IOException e) {
                    failure = e.getMessage();
                }
            }
        }
        System.out.println(when + ".admits=" + (cache.stats().admits() - admits));
        System.out.println(when + ".lent=" + lent);
        System.out.println(when + ".failure=" + failure);
    }

    private static void openAnother(String when, PageArena arena, WindowCacheOptions options) throws IOException {
        try (WindowCache cache =
                WindowCache.open(arena, options.toBuilder().name("another").build())) {
            System.out.println(when + "=" + cache.stats());
        } catch (SystemCallException e) {
            System.out.println(when + "=" + e.getMessage());
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
