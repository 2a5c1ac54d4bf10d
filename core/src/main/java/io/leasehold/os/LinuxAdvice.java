package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Set;

/// Advice to Linux about ranges: madvise(2), and process_madvise(2) on this process for many ranges at once.
///
/// **Ownership.** Owns one descriptor, which refers to this process, until the process ends.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/madvise.2.html">madvise(2)</a>
/// @see <a href="https://man7.org/linux/man-pages/man2/process_madvise.2.html">process_madvise(2)</a>
final class LinuxAdvice {

    /// "Subsequent accesses of pages in the range will succeed, but will result in [...] zero-fill-on-demand pages for
    /// anonymous private mappings."
    private static final int MADV_DONTNEED = 4;

    /// "Free up a given range of pages and its associated backing store."
    private static final int MADV_REMOVE = 9;

    /// There is no descriptor of this process, or the kernel refuses process_madvise(2).
    private static final int NO_SELF = -1;

    /// Maximum number of ranges in one process_madvise(2). More than 64 are not faster and would hold the kernel's lock
    /// longer.
    private static final int BATCH = 64;

    /// `struct iovec`: address and size.
    private static final long IOVEC_BYTES = 2 * Long.BYTES;

    /// Maximum number of attempts when the kernel lacks memory. The shortage may be permanent, so attempts are limited:
    /// older kernels report it if a split of a mapping would exceed vm.max_map_count.
    private static final int ATTEMPTS = 16;

    private final int self; // (C)
    private final Set<Advice> known; // (C)
    private volatile boolean hasBatches; // (A) true until the kernel refuses process_madvise(2)

    private LinuxAdvice(int self) {
        this.self = self;
        this.hasBatches = self != NO_SELF;
        this.known = EnumSet.noneOf(Advice.class);
        for (Advice advice : Advice.values()) {
            // For an empty range the kernel only checks the advice: EINVAL if it does not know it.
            if (LinuxCall.MADVISE.invoke(0, 0, number(advice)) == 0) {
                known.add(advice);
            }
        }
    }

    /// {@return advice in the best form that this kernel supports}
    static LinuxAdvice open() {
        long self = LinuxCall.PIDFD_OPEN.invoke(LinuxCall.GETPID.invoke(0, 0, 0), 0, 0);
        if (self < 0) {
            return ofSingleRanges();
        }
        // Older kernels have the call but neither advice, not even for an empty list of ranges.
        if (LinuxCall.PROCESS_MADVISE.invoke(self, 0, 0, MADV_DONTNEED, 0, 0) == 0
                && LinuxCall.PROCESS_MADVISE.invoke(self, 0, 0, MADV_REMOVE, 0, 0) == 0) {
            return new LinuxAdvice((int) KernelHoldings.addDescriptor(self));
        }
        LinuxCall.CLOSE.invoke(self, 0, 0);
        return ofSingleRanges();
    }

    /// {@return advice that makes one call for each range, as on a kernel without process_madvise(2)}
    static LinuxAdvice ofSingleRanges() {
        return new LinuxAdvice(NO_SELF);
    }

    void advise(long address, long byteSize, Advice advice) {
        if (!known.contains(advice)) {
            return;
        }
        long result = madvise(address, byteSize, number(advice));
        if (result < 0 && !isIgnored(advice, (int) -result)) {
            throw refused(address, byteSize, advice.name(), result);
        }
    }

    /// {@return true if an error only means that the advice has no effect}
    private static boolean isIgnored(Advice advice, int errno) {
        // A kernel without swap reports that anonymous memory has nothing to read ahead.
        return Errno.refusesCall(errno) || (advice == Advice.WILL_NEED && errno == Errno.EBADF);
    }

    void decommit(Backing backing, long address, long byteSize) {
        long result = madvise(address, byteSize, decommitAdvice(backing));
        if (result < 0) {
            throw refused(address, byteSize, backing.name(), result);
        }
    }

    void decommit(Backing backing, long[] addresses, long[] byteSizes, int count) {
        if (!hasBatches || count <= 1) {
            decommitEach(backing, addresses, byteSizes, 0, count);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ranges = arena.allocate(Math.min(count, BATCH) * IOVEC_BYTES, Long.BYTES);
            int done = 0;
            while (done < count) {
                int batch = Math.min(count - done, BATCH);
                writeRanges(ranges, addresses, byteSizes, done, batch);
                long bytes =
                        LinuxCall.PROCESS_MADVISE.invoke(self, ranges.address(), batch, decommitAdvice(backing), 0, 0);
                if (bytes < 0 && Errno.refusesCall((int) -bytes)) {
                    // A filter was installed after the probe. A sealed file has the same error, and then batches end
                    // too, which costs only time.
                    hasBatches = false;
                    decommitEach(backing, addresses, byteSizes, done, count);
                    return;
                }
                int whole = wholeRanges(byteSizes, done, batch, bytes);
                done += whole;
                // The call ended early at a range that is refused, at a signal, or at the limit of 2 GiB for one call.
                // A call for the first remaining range either reports the error or makes progress.
                if (whole < batch) {
                    decommit(backing, addresses[done], byteSizes[done]);
                    done++;
                }
            }
        }
    }

    private void decommitEach(Backing backing, long[] addresses, long[] byteSizes, int first, int end) {
        for (int i = first; i < end; i++) {
            decommit(backing, addresses[i], byteSizes[i]);
        }
    }

    @Override
    public String toString() {
        return "LinuxAdvice(batches=" + hasBatches + ", known=" + known + ")";
    }

    /// Calls madvise(2). Repeats it if a signal interrupts it (MADV_REMOVE is a fallocate(2), and populating may take
    /// long). Repeats it a few times if the kernel lacks a resource: "EAGAIN: A kernel resource was temporarily
    /// unavailable."
    private static long madvise(long address, long byteSize, int advice) {
        int attempt = 1;
        while (true) {
            long result = LinuxCall.MADVISE.invoke(address, byteSize, advice);
            if (result == -Errno.EAGAIN && attempt < ATTEMPTS) {
                attempt++;
                Thread.onSpinWait();
            } else if (result != -Errno.EINTR) {
                return result;
            }
        }
    }

    private static void writeRanges(MemorySegment ranges, long[] addresses, long[] byteSizes, int first, int batch) {
        for (int i = 0; i < batch; i++) {
            ranges.set(ValueLayout.JAVA_LONG, i * IOVEC_BYTES, addresses[first + i]);
            ranges.set(ValueLayout.JAVA_LONG, i * IOVEC_BYTES + Long.BYTES, byteSizes[first + i]);
        }
    }

    /// {@return the number of whole ranges, from `first` on, that `bytes` covers; `bytes` is negative after an error}
    private static int wholeRanges(long[] byteSizes, int first, int batch, long bytes) {
        long left = bytes;
        int whole = 0;
        while (whole < batch && left >= byteSizes[first + whole]) {
            left -= byteSizes[first + whole];
            whole++;
        }
        return whole;
    }

    private static int decommitAdvice(Backing backing) {
        return switch (backing) {
            case ANONYMOUS, FILE -> MADV_DONTNEED;
            case MEMORY_FILE -> MADV_REMOVE;
        };
    }

    private static int number(Advice advice) {
        return switch (advice) {
            case NORMAL -> 0;
            case RANDOM -> 1;
            case SEQUENTIAL -> 2;
            case WILL_NEED -> 3;
            case FREE -> 8;
            case DONT_FORK -> 10;
            case HUGE_PAGE -> 14;
            case NO_HUGE_PAGE -> 15;
            case DONT_DUMP -> 16;
            case POPULATE_READ -> 22;
            case POPULATE_WRITE -> 23;
        };
    }

    private static SystemCallException refused(long address, long byteSize, String detail, long result) {
        return SystemCallException.ofRange("madvise", address, byteSize, detail, (int) -result);
    }
}
