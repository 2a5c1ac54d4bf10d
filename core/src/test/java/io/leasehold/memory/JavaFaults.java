package io.leasehold.memory;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Failures of the Java side, thrown in the classes that a [FaultingClassLoader] has loaded.
///
/// ```text
///   heap    each allocation asks [#allocation]    the nth one fails, or all from the nth one on
///           each first use asks [#resolution]     an allocation too
///   stack   each method asks [#enter] first       it fails if it lies too deep below the method that armed the fault
/// ```
///
/// A full heap stays full while errors are handled, and a stack that is too short for a method is too short for what
/// handles the error in its place. So what handles an error is tested as well.
///
/// Frames of the library are counted, those of the JDK and of tests are not.
///
/// **Threads.** Faults are thrown in the thread that armed them.
public final class JavaFaults {

    /// The message of an error that was injected.
    public static final String MESSAGE = "injected";

    /// Number of frames of the code that handles an error, as a rule. It may overflow too, at each of its calls.
    private static final int HANDLER_FRAMES = 10;

    private static final Set<String> RESOLVED = ConcurrentHashMap.newKeySet();

    private static @Nullable Thread thread;
    private static int allocationsLeft;
    private static boolean isForGood;
    private static int depth; // of the thread
    private static int maxDepth;
    private static int failedDepth; // of the first call that did not fit
    private static int sufficientDepth; // for that call
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
            limitStack(nth - 1);
        } else {
            failAllocation(nth, mode == Mode.HEAP_FULL);
        }
    }

    /// {@return the next fault to be armed after `nth`}
    ///
    /// A frame may be as long as many common ones. Then many stacks are too short for it, and all fail at its call. So
    /// [#HANDLER_FRAMES] of them are tested, and the others are skipped.
    ///
    /// @param nth the fault that was armed last
    public static int next(int nth) {
        return nth <= failedDepth + HANDLER_FRAMES ? nth + 1 : Math.max(nth, sufficientDepth) + 1;
    }

    /// Has an allocation of this thread fail.
    ///
    /// @param nth 1 for the next one
    /// @param forGood true if all after it fail as well, until [#disarm]
    public static void failAllocation(int nth, boolean forGood) {
        allocationsLeft = nth;
        isForGood = forGood;
        depth = 0;
        maxDepth = Integer.MAX_VALUE;
        failedDepth = 0;
        sufficientDepth = 0;
        thread = Thread.currentThread();
    }

    /// Has this thread's stack be too short, until [#disarm].
    ///
    /// @param frames number of frames that fit on the stack below the calling method
    public static void limitStack(int frames) {
        allocationsLeft = 0;
        depth = 0;
        maxDepth = frames;
        failedDepth = 0;
        sufficientDepth = 0;
        thread = Thread.currentThread();
    }

    /// Runs a step on a stack that is too short if `mode` is [Mode#STACK], with another fault otherwise.
    ///
    /// @param frames number of frames that fit, or of allocations that succeed
    /// @return false if the stack overflowed
    public static boolean fits(Mode mode, int frames, Runnable step) {
        arm(mode, frames + 1);
        try {
            step.run();
            return true;
        } catch (StackOverflowError e) {
            return false;
        } finally {
            disarm();
        }
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
            throw new OutOfMemoryError(MESSAGE);
        }
    }

    /// Called by instrumented code before a literal of text, and before a call of a method handle. The JVM makes
    /// objects for them when they are met first.
    ///
    /// @param what the text, or the place of the call
    public static void resolution(String what) {
        if (!RESOLVED.contains(what)) {
            allocation();
            RESOLVED.add(what);
        }
    }

    /// Called for each new class loader, whose classes have resolved nothing.
    static void forgetResolutions() {
        RESOLVED.clear();
    }

    /// Called by instrumented methods when they begin.
    ///
    /// @param frames number of common frames that the frame of the method is as long as
    public static void enter(int frames) {
        if (Thread.currentThread().equals(thread)) {
            if (depth + frames > maxDepth) {
                injected++;
                if (sufficientDepth == 0) {
                    failedDepth = depth;
                    sufficientDepth = depth + frames;
                }
                throw new StackOverflowError(MESSAGE);
            }
            depth += frames;
        }
    }

    /// Called by instrumented methods when they end.
    ///
    /// @param frames as for [#enter]
    public static void exit(int frames) {
        if (Thread.currentThread().equals(thread)) {
            depth -= frames;
        }
    }
}
