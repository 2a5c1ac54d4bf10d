package io.leasehold.slab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/// The simplest model of a heap: the address ranges of the blocks in use, which do not overlap.
///
/// **Threads.** Confined to one thread.
final class AllocatedBlocks {

    /// Distance of two byte arrays in the model, as if they had addresses.
    private static final long ARRAY_DISTANCE = 1L << 40;

    private final Map<byte[], Long> arrays = new WeakHashMap<>(); // an array is equal only to itself
    private final TreeMap<Long, SlabBlock> ranges = new TreeMap<>();
    private final List<SlabBlock> list = new ArrayList<>();
    private long arraysSeen;
    private long stamps;
    private long bytes;

    /// Adds a block that was allocated, and writes to all of it.
    void add(SlabBlock block) {
        long from = start(block);
        long to = from + block.byteSize;
        Map.Entry<Long, SlabBlock> below = ranges.lowerEntry(to);
        if (below != null && below.getKey() + below.getValue().byteSize > from) {
            throw new AssertionError("blocks overlap: " + block + ", " + below.getValue());
        }
        ranges.put(from, block);
        list.add(block);
        bytes += block.byteSize;
        block.write(++stamps);
    }

    /// Removes a block, and checks that it still contains what was written.
    SlabBlock remove(int index) {
        SlabBlock block = list.get(index);
        block.check();
        list.set(index, list.getLast());
        list.removeLast();
        ranges.remove(start(block));
        bytes -= block.byteSize;
        return block;
    }

    SlabBlock removeAny(SplittableRandom random) {
        return remove(random.nextInt(list.size()));
    }

    SlabBlock get(int index) {
        return list.get(index);
    }

    /// Releases random blocks, and keeps about one in `oneIn`.
    void releaseAllBut(int oneIn, SplittableRandom random) {
        for (int i = list.size() - 1; i >= 0; i--) {
            if (random.nextInt(oneIn) != 0) {
                remove(i).release();
            }
        }
    }

    void releaseAll() {
        while (!list.isEmpty()) {
            remove(list.size() - 1).release();
        }
    }

    void checkAll() {
        list.forEach(SlabBlock::check);
    }

    int count() {
        return list.size();
    }

    long byteSize() {
        return bytes;
    }

    List<SlabBlock> blocks() {
        return list;
    }

    private long start(SlabBlock block) {
        byte @Nullable [] array = block.array;
        return array == null
                ? block.address
                : arrays.computeIfAbsent(array, a -> ++arraysSeen * ARRAY_DISTANCE) + block.address;
    }
}
