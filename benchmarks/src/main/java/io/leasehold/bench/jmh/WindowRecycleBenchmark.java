package io.leasehold.bench.jmh;

import io.leasehold.memory.OffHeap;
import io.leasehold.os.VirtualMemory;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to recycle the least recently used window for another part of the file, including the page fault
/// of the first 64 B that are read there?
///
/// The baseline maps the same parts at the same number of addresses, each with one mmap(2), and touches them.
@Question(
        group = "window",
        title = "Recycling a window",
        sentence = "What does it cost to recycle a window for another part of the file, including the"
                + " page fault of the first access? The baseline is one mmap for each window.")
@State(Scope.Benchmark)
public class WindowRecycleBenchmark extends TimedBenchmark {

    private static final int PIECE_BYTES = 64;
    private static final int SHARE = 4;

    /// Distance of successive parts. Neighbors in time must not be neighbors in the file, because the kernel would
    /// merge their mappings.
    private static final long STRIDE = 37;

    /// Bytes of a window; a quarter of the file fits the windows.
    @Param({"2097152", "65536"})
    public int windowByteSize;

    private final MemorySegment to = Arena.ofAuto().allocate(PIECE_BYTES, Long.BYTES);
    private final VirtualMemory memory = VirtualMemory.system();
    private OpenWindows windows;
    private Places places;
    private int count;
    private long parts;
    private long slots;
    private long next;

    /// Opens the cache.
    ///
    /// @throws IOException if the file cannot be opened
    @Setup(Level.Trial)
    public void open(WindowFile file) throws IOException {
        parts = WindowFile.BYTES / windowByteSize;
        count = Math.toIntExact(parts / SHARE);
        places = new Places(windowByteSize / PIECE_BYTES, PIECE_BYTES);
        slots = memory.reserve((long) count * windowByteSize, 2 << 20);
        windows = OpenWindows.open(
                WindowCacheOptions.builder().windows(count, windowByteSize).build(), file.path(), WindowTier.RECYCLED);
        for (int i = 0; i < count; i++) {
            recycle(file);
        }
    }

    /// Closes the cache.
    ///
    /// @throws IOException if that fails
    @TearDown(Level.Trial)
    public void close() throws IOException {
        windows.close();
        memory.release(slots, (long) count * windowByteSize);
    }

    /// {@return the number of bytes copied from a part that has no window}
    @Benchmark
    @Case("")
    public long recycle(WindowFile file) throws IOException {
        return windows.read(part() * windowByteSize + places.next(), to);
    }

    /// {@return one byte of a part that was just mapped}
    @Benchmark
    @Case(value = "bare mmap", baselineOf = "recycle")
    public byte recycleRemap(WindowFile file) {
        long slot = slots + next % count * windowByteSize;
        memory.map(slot, windowByteSize, file.descriptor(), part() * windowByteSize, VirtualMemory.Protection.READ);
        return OffHeap.getByte(slot + places.next());
    }

    private long part() {
        return next++ * STRIDE % parts;
    }
}
