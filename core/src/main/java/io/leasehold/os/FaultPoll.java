package io.leasehold.os;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// The place where the fault of a mapped file becomes an exception, and not later.
///
/// A load past the end of a file raises [InternalError], but compiled code throws it only at its next safepoint poll,
/// which may be far outside the `try` that the load stands in. Here it passes one:
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
/// A method that returns passes a poll, if it was called: what a compiler puts in place of a call has none. It cannot
/// put anything in place of one through a method handle that may be another one the next time, so this takes 1.6 ns. A
/// thread that comes back from native code passes one too, which takes 7 and is what other virtual machines than
/// HotSpot get. A call that is compiled to hold up safepoints (`Linker.Option.critical`) would not do, nor would a
/// loop: both were seen to let the error out.
///
/// **Threads.** Stateless.
public final class FaultPoll {

    /// Not final, or it would be a constant, and nothing be called.
    @SuppressWarnings("NonFinalStaticField")
    private static MethodHandle target = target();

    private FaultPoll() {}

    private static MethodHandle target() {
        try {
            boolean needsNative = !OsOptions.ofSystem().isHotSpot() && AddressSpace.isNative();
            return needsNative ? find(LinuxCall.class, "poll") : find(FaultPoll.class, "comeBack");
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static MethodHandle find(Class<?> type, String name) throws ReflectiveOperationException {
        return MethodHandles.lookup().findStatic(type, name, MethodType.methodType(void.class));
    }

    @SuppressWarnings("UnusedMethod") // called through target
    private static void comeBack() {}

    /// Throws what a mapped file did wrong in this thread, if it did. Where there is no native access there are no
    /// mapped files of ours, and nothing is thrown.
    ///
    /// @throws InternalError if memory that this thread touched was not there
    public static void poll() {
        try {
            target.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a poll throws nothing checked", e);
        }
    }
}
