package io.leasehold.os;

import java.lang.foreign.Arena;

/// The fence in every running thread: membarrier(2), or a handshake of the JVM where the kernel refuses it too late.
///
/// ```text
///   probe refused          no barrier: the threads that would rely on it have fences of their own
///   probe done             membarrier(2)
///   refused after that     a handshake with all threads, which already rely on the barrier
/// ```
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/membarrier.2.html">membarrier(2)</a>
final class LinuxBarrier {

    private static final int MEMBARRIER_CMD_PRIVATE_EXPEDITED = 1 << 3;
    private static final int MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private final boolean isOffered; // (C)
    private volatile boolean isRefused; // (A) true after the kernel refused a call that the probe was allowed

    private LinuxBarrier(boolean isOffered) {
        this.isOffered = isOffered;
    }

    /// {@return the barrier of this process, which the kernel is asked for}
    static LinuxBarrier open() {
        return new LinuxBarrier(LinuxCall.MEMBARRIER.invoke(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
    }

    /// {@return true if there is a barrier}
    boolean isOffered() {
        return isOffered;
    }

    /// Makes every running thread pass a full fence. Only where [#isOffered()].
    void pass() {
        if (!isRefused && LinuxCall.MEMBARRIER.invoke(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) < 0) {
            isRefused = true;
        }
        if (isRefused) {
            shakeHands();
        }
    }

    /// Has each thread of the JVM pass a safepoint poll: HotSpot closes a shared arena by a handshake with all threads.
    private static void shakeHands() {
        Arena.ofShared().close();
    }

    @Override
    public String toString() {
        return isRefused ? "handshake" : isOffered ? "membarrier" : "none";
    }
}
