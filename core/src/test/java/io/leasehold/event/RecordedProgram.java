package io.leasehold.event;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;

/// Does once what each event records, in a JVM of its own.
///
/// With the property `recording`, a recording with the settings of the jar runs meanwhile and is dumped to that file.
final class RecordedProgram {

    private RecordedProgram() {}

    public static void main(String[] args) throws IOException, ParseException {
        String file = System.getProperty("recording");
        if (file == null) {
            use();
        } else {
            record(Path.of(file));
        }
        System.out.println("registered=" + FlightEvents.areRegistered());
    }

    private static void record(Path file) throws IOException, ParseException {
        try (Reader settings = new InputStreamReader(
                        FlightEvents.class.getResourceAsStream("/leasehold.jfc"), StandardCharsets.UTF_8);
                Recording recording = new Recording(Configuration.create(settings))) {
            recording.start();
            use();
            recording.dump(file);
        }
    }

    private static void use() throws IOException {
        FlightEvents.poll(); // as a tick does
        MemoryBudget small = MemoryBudget.of("small", 1000);
        boolean isReserved = small.tryReserve(1001);
        if (isReserved) {
            throw new AssertionError(small.report());
        }
        try (PageArena arena = PageArena.open(
                PageArenaOptions.builder().name("recorded").byteSize(64L << 20).build())) {
            useBuffers(arena);
            useRing(arena);
            useFile(arena);
            arena.trim();
            System.out.println("decommits=" + arena.stats().decommits());
        }
    }

    private static void useBuffers(PageArena arena) {
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("recorded").arena(arena).build()) {
            allocator.heapBuffer(1000).release();
            ByteBuf buf = allocator.directBuffer(1000);
            buf.capacity(100_000);
            buf.release();
        }
    }

    private static void useRing(PageArena arena) {
        try (JumboPool<Object> pool =
                JumboPool.open(arena, JumboOptions.defaults(), (of, number, address, size) -> new Object())) {
            pool.free(pool.allocate());
        }
    }

    private static void useFile(PageArena arena) throws IOException {
        Path path = Files.write(Files.createTempFile("recorded", ".bin"), new byte[100_000]);
        try (WindowCache cache = WindowCache.open(arena, WindowCacheOptions.defaults());
                MappedFile file = cache.open(path, MappedFileOptions.owned())) {
            byte[] into = new byte[100];
            for (int i = 0; i < 100; i++) {
                cache.read(file, i * 1000L, MemorySegment.ofArray(into));
            }
        } finally {
            Files.delete(path);
        }
    }
}
