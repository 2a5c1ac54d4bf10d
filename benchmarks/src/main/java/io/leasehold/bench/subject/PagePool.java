package io.leasehold.bench.subject;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;

/// A pool of pages of Leasehold in an arena of its own.
///
/// **Ownership.** The opener closes it, which proves that every page was freed.
///
/// @param arena of the pages
/// @param pool of the pages; the object of a page is its address
public record PagePool(PageArena arena, JumboPool<Object> pool) implements AutoCloseable {

    /// Opens a pool.
    ///
    /// @param name of the arena
    /// @param byteSize of the arena
    /// @param bufferSize size of the pages
    public static PagePool open(String name, long byteSize, BufferSize bufferSize) {
        PageArena arena = PageArena.open(
                PageArenaOptions.builder().name(name).byteSize(byteSize).build());
        JumboOptions options = JumboOptions.builder().bufferSize(bufferSize).build();
        return new PagePool(arena, JumboPool.open(arena, options, (of, page, address, size) -> address));
    }

    @Override
    public void close() {
        pool.close();
        arena.close();
    }
}
