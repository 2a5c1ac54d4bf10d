package io.leasehold.bench.jmh;

import io.leasehold.lease.Lease;
import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.lang.foreign.Arena;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to acquire and close a lease on a wired page, and how much does a window add to a bare mmap?
///
/// Baselines: a 4 KiB segment of a confined and of a shared arena of the JDK, allocated and closed; for a miss, mmap(2)
/// of pages of another memory file, in the same order.
@Question(
        group = "lease",
        title = "A lease on a wired page",
        sentence = "What does it cost to acquire and close a lease, compared with arenas of the JDK? And"
                + " how much does a window cost, compared with only mapping the same page again?")
public class LeaseBenchmark extends TimedBenchmark {

    private static final int PAGE_BYTES = 4096;
    private static final long ARENA_BYTES = 64L << 20;
    private static final int SLOTS = 512;
    private static final int PAGES = 2 * SLOTS;

    private final PageArena arena = PageArena.open(PageArenaOptions.builder()
            .name("bench")
            .byteSize(ARENA_BYTES)
            .memoryFile(true)
            .build());
    private final LeasePool direct = LeasePool.open(arena, LeasePoolOptions.directMap());
    private final LeasePool windowed = LeasePool.open(arena, LeasePoolOptions.windowed(SLOTS));
    private final long[] pages = wiredPages(arena);

    private final VirtualMemory memory = VirtualMemory.system();
    private final int file = memory.createMemory("bench", ARENA_BYTES);
    private final long[] offsets = offsets(arena, pages);
    private final long windows = committed(memory, (long) SLOTS * PAGE_BYTES);

    private int next;
    private @Nullable Lease held;

    private static long[] wiredPages(PageArena arena) {
        long[] pages = new long[PAGES];
        for (int i = 0; i < PAGES; i++) {
            pages[i] = arena.allocate();
            arena.frames().wire(pages[i]);
        }
        return pages;
    }

    /// Uses the same order of pages for the bare mmap, because the kernel would merge mappings of neighbors.
    private static long[] offsets(PageArena arena, long[] pages) {
        long[] addresses =
                LongStream.of(pages).map(page -> arena.frames().address(page)).toArray();
        long lowest = LongStream.of(addresses).min().orElseThrow();
        return LongStream.of(addresses).map(address -> address - lowest).toArray();
    }

    private static long committed(VirtualMemory memory, long byteSize) {
        long address = memory.reserve(byteSize, PAGE_BYTES);
        memory.commit(address, byteSize);
        return address;
    }

    /// Closes everything, which also proves that no lease is left.
    @TearDown
    public void close() {
        direct.close();
        windowed.close();
        for (long page : pages) {
            arena.frames().unwire(page);
            arena.free(page);
        }
        arena.close();
        memory.closeMemory(file);
        memory.release(windows, (long) SLOTS * PAGE_BYTES);
    }

    /// {@return the handle of a closed lease on the direct map}
    @Benchmark
    @Case("direct map, by handle")
    public long directHandle() {
        long lease = direct.acquireHandle(pages[0]);
        direct.free(lease);
        return lease;
    }

    /// {@return the address of a closed lease on the direct map}
    @Benchmark
    @Case("direct map, as an object")
    public long directObject() {
        try (Lease lease = direct.acquire(pages[0])) {
            return lease.address();
        }
    }

    /// {@return a closed lease on the direct map, which escapes}
    @Benchmark
    @Case("direct map, as an object that escapes")
    public @Nullable Lease directEscaping() {
        Lease lease = direct.acquire(pages[0]);
        held = lease;
        lease.close();
        return held;
    }

    /// {@return the handle of a closed lease that was confined to this thread}
    @Benchmark
    @Case("this thread only, by handle")
    public long confinedHandle() {
        long lease = direct.tryAcquireHandle(pages[0], LeaseFlag.CPUPRIVATE);
        direct.free(lease);
        return lease;
    }

    /// {@return the address of a closed lease that was confined to this thread}
    @Benchmark
    @Case("this thread only, as an object")
    public long confinedObject() {
        try (Lease lease = direct.tryAcquire(pages[0], LeaseFlag.CPUPRIVATE)) {
            return lease == null ? 0 : lease.address();
        }
    }

    /// {@return the address of 4 KiB of a confined arena of the JDK, which is closed}
    @Benchmark
    @Case(value = "Arena.ofConfined", baselineOf = "confinedObject")
    public long confinedObjectJdkConfined() {
        try (Arena one = Arena.ofConfined()) {
            return one.allocate(PAGE_BYTES).address();
        }
    }

    /// {@return the address of 4 KiB of a shared arena of the JDK, which is closed}
    @Benchmark
    @Case(value = "Arena.ofShared", baselineOf = "directObject")
    public long directObjectJdkShared() {
        try (Arena one = Arena.ofShared()) {
            return one.allocate(PAGE_BYTES).address();
        }
    }

    /// {@return the handle of a closed lease on a window that was already mapped}
    @Benchmark
    @Case("a window, mapped")
    public long windowHit() {
        long lease = windowed.acquireHandle(pages[0]);
        windowed.free(lease);
        return lease;
    }

    /// {@return the handle of a closed lease on a window that had to be mapped}
    @Benchmark
    @Case("a window, to be mapped")
    public long windowMiss() {
        long lease = windowed.acquireHandle(pages[next++ & (PAGES - 1)]);
        windowed.free(lease);
        return lease;
    }

    /// {@return the address of a page after a bare mmap}
    @Benchmark
    @Case(value = "bare mmap", baselineOf = "windowMiss")
    public long windowMissRemap() {
        int page = next++ & (PAGES - 1);
        long address = windows + (long) (page & (SLOTS - 1)) * PAGE_BYTES;
        memory.map(address, PAGE_BYTES, file, offsets[page], VirtualMemory.Protection.READ_WRITE);
        return address;
    }
}
