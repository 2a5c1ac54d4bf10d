package io.leasehold.netty;

import static io.leasehold.text.Texts.format;

import io.leasehold.observe.SizeClassFigures;
import java.util.List;

/// The table that [LeasedByteBufAllocator#dumpStats] prints.
///
/// ```text
/// web: limit 1,073,741,824 B, committed 8,388,608 B, pinned 4,096 B in 1 buffers, cached 65,536 B
/// direct            4,096 B used
///          block    slabs       live     cached       free            held
///          4,096        1          1         16          0         131,072
/// Java heap             0 B used
/// ```
///
/// **Threads.** Stateless.
final class AllocatorTable {

    private AllocatorTable() {}

    /// {@return the table of an allocator}
    static String of(String name, LeasedByteBufAllocatorMetric metric) {
        StringBuilder text = new StringBuilder(256);
        text.append(format(
                "%s: limit %,d B, committed %,d B, pinned %,d B in %,d buffers, cached %,d B%n",
                name,
                metric.limitBytes(),
                metric.committedBytes(),
                metric.pinnedBytes(),
                metric.pinnedBuffers(),
                metric.cachedBytes()));
        append(text, "direct", metric.usedDirectMemory(), metric.directSizeClasses());
        append(text, "Java heap", metric.usedHeapMemory(), metric.heapSizeClasses());
        return text.toString();
    }

    private static void append(StringBuilder text, String kind, long usedBytes, List<SizeClassFigures> classes) {
        text.append(format("%-9s %,17d B used%n", kind, usedBytes));
        if (classes.isEmpty()) {
            return;
        }
        text.append(format("  %12s %8s %10s %10s %10s %15s%n", "block", "slabs", "live", "cached", "free", "held"));
        for (SizeClassFigures c : classes) {
            text.append(format(
                    "  %,12d %,8d %,10d %,10d %,10d %,15d%n",
                    c.byteSize(), c.slabs(), c.liveBlocks(), c.cachedBlocks(), c.freeBlocks(), c.heldBytes()));
        }
    }
}
