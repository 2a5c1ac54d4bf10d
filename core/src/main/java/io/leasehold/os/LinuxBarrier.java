package io.leasehold.os;

import java.lang.foreign.Arena;

/// A full fence in every running thread: membarrier(2), or a handshake of the JVM if the kernel refuses the call later.
///
/// ```text
///   probe refused          no barrier: the threads use fences of their own
///   probe succeeded        membarrier(2)
///   refused later          a handshake with all threads, which already rely on the barrier
/// ```
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/membarrier.2.html">membarrier(2)</a>
final class LinuxBarrier {

    private static final int MEMBARRIER_CMD_PRIVATE_EXPEDITED = 1 << 3;
    private static final int MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private final boolean isOffered; // (C)
    private volatile boolean isRefused; // (A) true after the kernel refused a call although the probe succeeded

    private LinuxBarrier(boolean isOffered) {
        this.isOffered = isOffered;
    }

    /// {@return the barrier of this process, after probing the kernel}
    static LinuxBarrier open() {
        return new LinuxBarrier(LinuxCall.MEMBARRIER.invoke(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
    }

    /// {@return true if the kernel has the barrier}
    boolean isOffered() {
        return isOffered;
    }

    /// Makes every running thread pass a full fence. Allowed only if [#isOffered()].
    void pass() {
        if (!isRefused && LinuxCall.MEMBARRIER.invoke(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) < 0) {
            isRefused = true;
        }
        if (isRefused) {
            handshake();
        }
    }

    /// Makes each thread of the JVM pass a safepoint poll. HotSpot closes a shared arena by a handshake with all
    /// threads.
    private static void handshake() {
        Arena.ofShared().close();
    }

    @Override
    public String toString() {
        return isRefused ? "handshake" : isOffered ? "membarrier" : "none";
    }
}
