package io.leasehold.observe;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OptionChecks;
import java.util.Map;
import java.util.TreeMap;

/// The values of an [AllocatorMXBean], read from an allocator.
///
/// **Threads.** Thread-safe.
///
/// @param allocator the allocator
record AllocatorBean(ObservedAllocator allocator) implements AllocatorMXBean {

    @Override
    public String getName() {
        return allocator.name();
    }

    @Override
    public long getLimitBytes() {
        return allocator.figures().limitBytes();
    }

    @Override
    public long getReservedBytes() {
        return allocator.figures().reservedBytes();
    }

    @Override
    public long getCommittedBytes() {
        return allocator.figures().committedBytes();
    }

    @Override
    public long getResidentBytes() {
        return allocator.residentBytes();
    }

    @Override
    public long getDirectBytes() {
        return allocator.figures().directBytes();
    }

    @Override
    public long getHeapBytes() {
        return allocator.figures().heapBytes();
    }

    @Override
    public long getPinnedBytes() {
        return allocator.figures().pinnedBytes();
    }

    @Override
    public long getPinnedBuffers() {
        return allocator.figures().pinnedBuffers();
    }

    @Override
    public long getCachedBytes() {
        return allocator.figures().cachedBytes();
    }

    @Override
    public long getRefusals() {
        return allocator.figures().refusals();
    }

    @Override
    public long getReclaims() {
        return allocator.figures().reclaims();
    }

    @Override
    public long getDecommits() {
        return allocator.figures().decommits();
    }

    @Override
    public long getKernelFaults() {
        return allocator.figures().kernelFaults();
    }

    @Override
    public Map<Integer, Long> getDirectBuffersBySize() {
        Map<Integer, Long> bySize = new TreeMap<>();
        for (SizeClassFigures c : allocator.figures().direct()) {
            bySize.put(c.byteSize(), c.liveBlocks());
        }
        return bySize;
    }

    @Override
    public Map<String, Long> getHolders() {
        return allocator.holders();
    }

    @Override
    public String holderTable(int rows) {
        StringBuilder text = new StringBuilder(1024);
        allocator.holders().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(OptionChecks.atLeast("rows", rows, 1))
                .forEach(held -> text.append(format("%s: %,d B%n", held.getKey(), held.getValue())));
        return text.append(System.lineSeparator())
                .append(allocator.profile().toTable(rows))
                .toString();
    }

    @Override
    public String collapsedStacks() {
        return allocator.profile().toCollapsed();
    }

    @Override
    public byte[] pprof() {
        return allocator.profile().toPprof();
    }

    @Override
    public long trim() {
        return allocator.trim();
    }

    @Override
    public String dump() {
        return allocator.dumpStats();
    }
}
