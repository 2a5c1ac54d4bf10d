package io.leasehold.memory;

import org.jspecify.annotations.Nullable;

/// Failures of the Java side, thrown in the classes that a [FaultingClassLoader] has loaded.
///
/// ```text
///   heap    each allocation asks [#allocation]    the nth one fails, or all from the nth one on
///   stack   each method asks [#call] first        it fails if it lies too deep below the method that armed the fault
/// ```
///
/// A full heap stays full while errors are handled, and a stack that is too short for a method is too short for what
/// handles the error in its place. So what handles an error is tested as well.
///
/// **Threads.** Faults are thrown in the thread that armed them.
public final class JavaFaults {

    private static final StackWalker WALKER = StackWalker.getInstance();

    private static @Nullable Thread thread;
    private static int allocationsLeft;
    private static boolean isForGood;
    private static long maxDepth;
    private static long injected;

    /// What fails.
    public enum Mode {
        /// One allocation.
        HEAP_ONCE,
        /// All allocations from one on.
        HEAP_FULL,
        /// All calls that lie deeper than some depth.
        STACK
    }

    private JavaFaults() {}

    /// Arms the `nth` fault of a mode.
    ///
    /// @param nth from 1 on, the later the larger it is
    public static void arm(Mode mode, int nth) {
        if (mode == Mode.STACK) {
            limitStack(nth + 1); // the calling method calls what is to fail
        } else {
            failAllocation(nth, mode == Mode.HEAP_FULL);
        }
    }

    /// Has an allocation of this thread fail.
    ///
    /// @param nth 1 for the next one
    /// @param forGood true if all after it fail as well, until [#disarm]
    public static void failAllocation(int nth, boolean forGood) {
        allocationsLeft = nth;
        isForGood = forGood;
        maxDepth = Long.MAX_VALUE;
        thread = Thread.currentThread();
    }

    /// Has this thread's stack be too short, until [#disarm].
    ///
    /// @param depth number of frames that there is room for below the calling method
    public static void limitStack(int depth) {
        allocationsLeft = 0;
        maxDepth = depth() - 1 + depth;
        thread = Thread.currentThread();
    }

    /// Takes the fault back.
    public static void disarm() {
        thread = null;
    }

    /// {@return number of errors that were thrown}
    public static long injected() {
        return injected;
    }

    /// Called by instrumented code before it allocates.
    public static void allocation() {
        if (Thread.currentThread().equals(thread) && allocationsLeft > 0 && --allocationsLeft == 0) {
            allocationsLeft = isForGood ? 1 : 0;
            injected++;
            throw new OutOfMemoryError("injected");
        }
    }

    /// Called by instrumented methods when they begin.
    public static void call() {
        if (Thread.currentThread().equals(thread) && maxDepth < Long.MAX_VALUE && depth() - 1 > maxDepth) {
            injected++;
            throw new StackOverflowError("injected");
        }
    }

    /// {@return number of frames above this method}
    private static long depth() {
        return WALKER.walk(frames -> frames.count()) - 1;
    }
}
