package io.leasehold.os;

/// The place where the fault of a mapped file becomes an exception, and not later.
///
/// A load past the end of a file raises [InternalError], but compiled code throws it only at its next safepoint poll,
/// which may be far outside the `try` that the load stands in. A thread that comes back from native code passes such a
/// poll, always:
///
/// ```java
/// try {
///     OffHeap.copy(window, to, byteSize);
///     FaultPoll.poll();
/// } catch (InternalError e) {
///     // what was copied is worthless
/// }
/// ```
///
/// It takes about ten nanoseconds. A call that is compiled to hold up safepoints (`Linker.Option.critical`) would not
/// do, nor would a loop: both were seen to let the error out.
///
/// **Threads.** Stateless.
public final class FaultPoll {

    private FaultPoll() {}

    /// Throws what a mapped file did wrong in this thread, if it did. Where there is no native access there are no
    /// mapped files of ours, and this does nothing.
    ///
    /// @throws InternalError if memory that this thread touched was not there
    public static void poll() {
        if (AddressSpace.isNative()) {
            LinuxCall.poll();
        }
    }
}
