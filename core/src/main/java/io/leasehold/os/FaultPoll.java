package io.leasehold.os;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// A point where the fault of a mapped file becomes an exception.
///
/// A load past the end of a file raises [InternalError]. Compiled code throws it only at its next safepoint poll, which
/// may be far outside the `try` of the load. [#poll] passes a safepoint poll:
///
/// ```java
/// try {
///     OffHeap.copy(window, to, byteSize);
///     FaultPoll.poll();
/// } catch (InternalError e) {
///     // the copied bytes are invalid
/// }
/// ```
///
/// A method that returns passes a poll, but only if it was called; an inlined method has no poll. The compiler cannot
/// inline a call through a method handle that may change, so `poll` makes such a call, which takes 1.6 ns. A thread
/// that returns from native code passes a poll too. That takes 7 ns and is used on virtual machines other than HotSpot.
/// Two alternatives failed, because the error was seen to leave the `try`: a call that delays safepoints
/// (`Linker.Option.critical`), and a loop.
///
/// **Threads.** Stateless.
public final class FaultPoll {

    /// Deliberately not final: the compiler would inline a constant handle, and an inlined call has no safepoint poll.
    @SuppressWarnings("NonFinalStaticField")
    private static MethodHandle target = target();

    private FaultPoll() {}

    private static MethodHandle target() {
        try {
            boolean needsNative = !OsOptions.ofSystem().isHotSpot() && AddressSpace.isNative();
            if (needsNative) {
                LinuxCall.poll(); // links the function now, while there is memory for it
            }
            return needsNative ? find(LinuxCall.class, "poll") : find(FaultPoll.class, "returnAtOnce");
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static MethodHandle find(Class<?> type, String name) throws ReflectiveOperationException {
        return MethodHandles.lookup().findStatic(type, name, MethodType.methodType(void.class));
    }

    @SuppressWarnings("UnusedMethod") // called through target
    private static void returnAtOnce() {}

    /// Throws the pending fault of a mapped file that this thread touched, if there is one. Without native access the
    /// library maps no files, and nothing is thrown.
    ///
    /// @throws InternalError if memory that this thread touched did not exist
    public static void poll() {
        try {
            target.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a poll threw a checked exception", e);
        }
    }
}
