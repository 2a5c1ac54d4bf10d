package io.leasehold.page;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.ScratchMemory;
import java.util.ArrayList;
import java.util.List;

/// A free map over bitmaps of its own.
///
/// **Ownership.** Closing it gives the bitmaps back.
///
/// **Threads.** Confined to one thread.
final class FreeMapBed implements AutoCloseable {

    private final ScratchMemory memory;
    final FreeMap map;

    FreeMapBed(int pageCount) {
        long bitmap = BitmapLayout.byteSize(pageCount);
        memory = ScratchMemory.of(2 * bitmap + Alignment.up(pageCount, 64));
        map = new FreeMap(pageCount, memory.address(), memory.address() + bitmap, memory.address() + 2 * bitmap);
    }

    /// {@return the address of the bitmap of used pages}
    long usedBits() {
        return memory.address();
    }

    /// {@return the pages in a batch, in its order}
    static List<Integer> pages(DecommitBatch batch) {
        List<Integer> pages = new ArrayList<>();
        for (int i = 0; i < batch.count(); i++) {
            for (int page = batch.page(i); page < batch.page(i) + batch.pageCount(i); page++) {
                pages.add(page);
            }
        }
        return pages;
    }

    @Override
    public void close() {
        memory.close();
    }
}
