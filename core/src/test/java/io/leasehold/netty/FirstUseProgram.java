package io.leasehold.netty;

import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.block.Block;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Opens something, and uses it on the main thread.
final class FirstUseProgram {

    static final String OPEN = "open";
    static final String USED = "used";

    private static final int LENGTH = 300_000;

    /// What is used.
    enum Kind {
        BUFFERS,
        BLOCKS,
        PAGES,
        NIC_PAGES,
        LEASES,
        FILES
    }

    private FirstUseProgram() {}

    /// Runs the program.
    ///
    /// @param arguments name of a [Kind]
    public static void main(String[] arguments) throws IOException {
        Kind kind = Kind.valueOf(arguments[0]);
        try (PageArena arena = PageArena.open(
                PageArenaOptions.builder().name("first").byteSize(64 << 20).build())) {
            switch (kind) {
                case BUFFERS -> useBuffers(arena);
                case BLOCKS -> useBlocks(arena);
                case PAGES -> usePages(arena);
                case NIC_PAGES -> useNicPages(arena);
                case LEASES -> useLeases(arena);
                case FILES -> useFiles(arena);
            }
        }
    }

    private static void useBuffers(PageArena arena) {
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("first").arena(arena).build()) {
            allocator.lazyHeaps.getFor(true, 1); // opens it, as the first buffer would
            System.out.println(OPEN);
            List<ByteBuf> live = new ArrayList<>();
            for (int byteSize = 1; byteSize < 3 << 20; byteSize += byteSize / 3 + 1) {
                live.add(allocator.directBuffer(byteSize));
                live.add(allocator.heapBuffer(byteSize));
            }
            ByteBuf growing = allocator.directBuffer(10);
            growing.writeZero(LENGTH).capacity(100).retainedSlice(0, 5).release();
            live.add(growing);
            live.forEach(ByteBuf::release);
            allocator.trim();
            System.out.println(USED);
        }
    }

    private static void useBlocks(PageArena arena) {
        try (Blocks blocks = Blocks.open(arena, BlocksOptions.defaults())) {
            System.out.println(OPEN);
            List<Block> live = new ArrayList<>();
            for (int byteSize = 1; byteSize < 3 << 20; byteSize += byteSize / 3 + 1) {
                live.add(blocks.allocate(byteSize));
            }
            live.forEach(Block::close);
            blocks.trim();
            System.out.println(USED);
        }
    }

    private static void usePages(PageArena arena) {
        System.out.println(OPEN);
        long page = arena.allocate();
        long run = arena.allocateRun(7);
        arena.free(page);
        arena.free(run);
        System.out.println(USED);
    }

    private static void useNicPages(PageArena arena) {
        try (JumboPool<Long> pool =
                JumboPool.open(arena, JumboOptions.defaults(), (of, page, address, byteSize) -> address)) {
            System.out.println(OPEN);
            long[] pages = new long[100];
            for (int i = 0; i < pages.length; i++) {
                pages[i] = pool.allocate();
            }
            for (long page : pages) {
                pool.free(page);
            }
            pool.trim();
            System.out.println(USED);
        }
    }

    private static void useLeases(PageArena arena) {
        try (LeasePool pool = LeasePool.open(arena, LeasePoolOptions.directMap())) {
            System.out.println(OPEN);
            for (int i = 0; i < 100; i++) {
                long page = arena.allocate();
                arena.frames().wire(page);
                pool.acquire(page).close();
                pool.acquireConfined(page).close();
                arena.frames().unwire(page);
                arena.free(page);
            }
            System.out.println(USED);
        }
    }

    private static void useFiles(PageArena arena) throws IOException {
        Path path = Files.createTempFile("first", "use");
        try (WindowCache cache = WindowCache.open(arena, WindowCacheOptions.defaults())) {
            System.out.println(OPEN);
            MappedFileOptions options = MappedFileOptions.owned();
            MemorySegment bytes = MemorySegment.ofArray(new byte[LENGTH]);
            try (MappedFile file = cache.open(path, options)) {
                cache.write(file, 0, bytes);
                cache.read(file, 0, bytes);
                Objects.requireNonNull(cache.alloc(file, 0, 4096, AccessAdvice.NORMAL, WindowFlag.READ))
                        .close();
            }
            System.out.println(USED);
        } finally {
            Files.delete(path);
        }
    }
}
