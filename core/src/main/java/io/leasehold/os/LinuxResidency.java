package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory.Capability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Counts the pages of a range that are in memory: mincore(2).
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/mincore.2.html">mincore(2)</a>
final class LinuxResidency {

    /// Maximum number of pages in one mincore(2), which needs one byte for each.
    private static final int MAX_PAGES = 16 * 1024;

    /// Maximum number of attempts of mincore(2): "EAGAIN: kernel is temporarily out of resources."
    private static final int ATTEMPTS = 16;

    private final boolean isOffered; // (C)

    private LinuxResidency(boolean isOffered) {
        this.isOffered = isOffered;
    }

    /// {@return the counter of this process, after probing the kernel with an empty range}
    static LinuxResidency open() {
        return new LinuxResidency(LinuxCall.MINCORE.invoke(0, 0, 0) == 0);
    }

    /// {@return true if the kernel counts}
    boolean isOffered() {
        return isOffered;
    }

    /// {@return the number of pages of a range that are in memory now} Allowed only if [#isOffered()].
    ///
    /// @throws UnsupportedOperationException if a filter refuses the call by now
    /// @throws SystemCallException if the call fails
    long residentPages(long address, long pages, long pageSize) {
        long resident = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flags = arena.allocate(Math.min(pages, MAX_PAGES));
            for (long first = 0; first < pages; first += MAX_PAGES) {
                int count = (int) Math.min(pages - first, MAX_PAGES);
                mincore(address + first * pageSize, count * pageSize, flags);
                for (int i = 0; i < count; i++) {
                    // Only the lowest bit of each byte is defined.
                    resident += flags.get(ValueLayout.JAVA_BYTE, i) & 1;
                }
            }
        }
        return resident;
    }

    private static void mincore(long address, long byteSize, MemorySegment flags) {
        long result = LinuxCall.MINCORE.invoke(address, byteSize, flags.address());
        for (int attempt = 1; result == -Errno.EAGAIN && attempt < ATTEMPTS; attempt++) {
            Thread.onSpinWait();
            result = LinuxCall.MINCORE.invoke(address, byteSize, flags.address());
        }
        if (result < 0 && Errno.refusesCall((int) -result)) {
            throw Preconditions.missing(Capability.RESIDENCY); // a filter was installed after the probe
        }
        if (result < 0) {
            throw SystemCallException.ofRange("mincore", address, byteSize, "", (int) -result);
        }
    }

    @Override
    public String toString() {
        return isOffered ? "mincore" : "none";
    }
}
