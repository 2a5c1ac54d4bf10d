package io.leasehold.bench.ring;

import io.leasehold.bench.Allocators;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/// Pages of 64 KiB from somebody, each taken once and released with the others.
///
/// **Ownership.** Closing it proves that all of ours came back.
///
/// **Threads.** Confined to one at a time.
sealed interface Pool extends AutoCloseable {

    /// Bytes of a page.
    int BYTES = 64 << 10;

    /// How many pages a pool grows to.
    int PAGES = 4_096;

    /// How many it has before it grows.
    int FIRST_PAGES = 64;

    /// Bytes between those that are written.
    int TOUCH_BYTES = 4 << 10;

    /// {@return a pool without a page}
    ///
    /// @param name `leased`, `trimmed`, `adaptive` or `pooled`
    static Pool open(String name) {
        return switch (name) {
            case "leased" -> new Ours(false);
            case "trimmed" -> new Ours(true);
            default -> new Theirs(Allocators.open(name, "disabled"));
        };
    }

    /// Takes a page.
    ///
    /// @param index of it, below [#PAGES]
    void take(int index);

    /// Writes to the first bytes of a page that was taken.
    ///
    /// @param byteSize how far
    void touch(int index, int byteSize);

    /// Releases the first pages.
    ///
    /// @param count how many were taken
    void releaseAll(int count);

    @Override
    void close();

    /// A jumbo ring; `trims` if it is told to give back at once what is released.
    final class Ours implements Pool {

        private static final long ARENA_BYTES = 512 << 20;

        private final boolean trims; // (C)
        private final PageArena arena; // (C)
        private final JumboPool<Object> ring; // (C)
        private final long[] handles = new long[PAGES]; // (O)

        Ours(boolean trims) {
            this.trims = trims;
            arena = PageArena.open(PageArenaOptions.defaults().withName("ring").withByteSize(ARENA_BYTES));
            ring = JumboPool.open(
                    arena,
                    JumboOptions.defaults().withBufferSize(BufferSize.KIB_64),
                    (of, page, address, byteSize) -> address);
        }

        @Override
        public void take(int index) {
            handles[index] = ring.allocate();
        }

        @Override
        public void touch(int index, int byteSize) {
            long address = ring.address(handles[index]);
            for (int i = 0; i < byteSize; i += TOUCH_BYTES) {
                OffHeap.putByte(address + i, (byte) 1);
            }
        }

        @Override
        public void releaseAll(int count) {
            ring.release(handles, 0, count);
            if (trims) {
                ring.trim();
                arena.trim();
            }
        }

        @Override
        public void close() {
            ring.close();
            arena.close();
        }
    }

    /// Buffers of an allocator of Netty's.
    final class Theirs implements Pool {

        private final ByteBufAllocator allocator; // (C)
        private final ByteBuf[] buffers = new ByteBuf[PAGES]; // (O)

        Theirs(ByteBufAllocator allocator) {
            this.allocator = allocator;
        }

        @Override
        public void take(int index) {
            buffers[index] = allocator.directBuffer(BYTES);
        }

        @Override
        public void touch(int index, int byteSize) {
            for (int i = 0; i < byteSize; i += TOUCH_BYTES) {
                buffers[index].setByte(i, 1);
            }
        }

        @Override
        public void releaseAll(int count) {
            for (int i = 0; i < count; i++) {
                buffers[i].release();
            }
        }

        @Override
        public void close() {
            Allocators.close(allocator);
        }
    }
}
