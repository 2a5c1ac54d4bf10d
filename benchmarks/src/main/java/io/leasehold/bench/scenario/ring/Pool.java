package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.PagePool;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.OffHeap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/// A source of pages of 64 KiB. Each page is allocated once, and all are freed together.
///
/// **Ownership.** Closing a pool proves that all pages of Leasehold were freed.
///
/// **Threads.** Confined to one thread at a time.
sealed interface Pool extends AutoCloseable {

    /// Bytes of a page.
    int BYTES = 64 << 10;

    /// Number of pages after the growth.
    int PAGES = 4_096;

    /// Number of pages before the growth.
    int FIRST_PAGES = 64;

    /// Distance in bytes between the written bytes.
    int TOUCH_BYTES = 4 << 10;

    /// {@return a pool without pages}
    ///
    /// @param name `leased`, `trimmed`, `adaptive` or `pooled`
    static Pool open(String name) {
        return switch (name) {
            case "leased" -> new Ours(false);
            case "trimmed" -> new Ours(true);
            default -> new Theirs(Allocators.open(name, "disabled"));
        };
    }

    /// Allocates a page.
    ///
    /// @param index of the page, below [#PAGES]
    void take(int index);

    /// Writes to the first bytes of an allocated page.
    ///
    /// @param byteSize number of bytes to cover
    void touch(int index, int byteSize);

    /// Frees the pages from index 0 on.
    ///
    /// @param count number of pages that were allocated
    void releaseAll(int count);

    @Override
    void close();

    /// A [JumboPool]. If `trims` is set, freed memory is returned to the system at once.
    final class Ours implements Pool {

        private static final long ARENA_BYTES = 512 << 20;

        private final boolean trims; // (C)
        private final PagePool pages = PagePool.open("ring", ARENA_BYTES, BufferSize.KIB_64); // (C)
        private final JumboPool<Object> ring = pages.pool(); // (C)
        private final long[] handles = new long[PAGES]; // (O)

        Ours(boolean trims) {
            this.trims = trims;
        }

        @Override
        public void take(int index) {
            handles[index] = ring.tryAllocate();
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
            ring.free(handles, 0, count);
            if (trims) {
                ring.trim();
                pages.arena().trim();
            }
        }

        @Override
        public void close() {
            pages.close();
        }
    }

    /// Buffers of an allocator of Netty.
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
