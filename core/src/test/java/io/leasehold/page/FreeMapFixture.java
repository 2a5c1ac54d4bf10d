package io.leasehold.page;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.ScratchMemory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A free map with its own bitmaps.
///
/// **Ownership.** Closing it frees the bitmaps.
///
/// **Threads.** Confined to one thread.
final class FreeMapFixture implements AutoCloseable {

    private final ScratchMemory memory;
    final FreeMap map;

    FreeMapFixture(int pageCount) {
        long bitmap = BitmapLayout.byteSize(pageCount);
        long stamps = Alignment.up(pageCount, 64);
        memory = ScratchMemory.of(2 * bitmap + stamps + FreeMap.summaryByteSize(pageCount));
        long used = memory.address();
        long warm = used + bitmap;
        map = new FreeMap(pageCount, used, warm, warm + bitmap, warm + bitmap + stamps, new BitSet());
    }

    /// {@return the address of the bitmap of used pages}
    long usedBits() {
        return memory.address();
    }

    /// {@return the pages in a batch, in the order of the batch}
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
