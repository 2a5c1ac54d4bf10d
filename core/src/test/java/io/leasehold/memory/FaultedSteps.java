package io.leasehold.memory;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Steps of a program, each of which meets the first failure of the Java side, then the second, until it meets none.
///
/// A step is called again after each fault, so a step first looks what it has done already.
///
/// **Threads.** Confined to one thread.
public final class FaultedSteps {

    /// A step, in which faults are thrown.
    @FunctionalInterface
    public interface Step {
        /// Does what is not done yet.
        void run() throws Exception;
    }

    private final JavaFaults.Mode mode; // (C)
    private final Runnable check; // (C)

    /// Makes steps that fail in one mode.
    ///
    /// @param check called after each fault, without faults; it throws if something is lost
    public FaultedSteps(JavaFaults.Mode mode, Runnable check) {
        this.mode = mode;
        this.check = check;
    }

    /// Makes one step, again and again until it meets no fault.
    ///
    /// @param what name of the step, for messages
    public void run(String what, Step step) {
        int nth = 0;
        while (isHit(what, step, ++nth)) {
            // the next fault lies later in the step
        }
    }

    private boolean isHit(String what, Step step, int nth) {
        long before = JavaFaults.injected();
        Throwable thrown = null;
        JavaFaults.arm(mode, nth);
        try {
            step.run();
        } catch (Throwable e) {
            thrown = e;
        } finally {
            JavaFaults.disarm();
        }
        boolean isHit = JavaFaults.injected() > before;
        try {
            if (thrown != null && !isInjected(thrown)) {
                throw new AssertionError("not the injected error: " + thrown);
            }
            if (isHit) {
                check.run();
            }
        } catch (RuntimeException | AssertionError e) {
            if (thrown != null) {
                e.addSuppressed(thrown);
            }
            String where = thrown == null ? "nothing thrown" : where(thrown);
            throw new AssertionError(
                    "%s, fault %d of %s, %s: %s".formatted(mode, nth, what, where, e.getMessage()), e);
        }
        return isHit;
    }

    /// {@return the methods of the library that were running, the innermost one first}
    private static String where(Throwable thrown) {
        return Arrays.stream(thrown.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith("io.leasehold."))
                .limit(12)
                .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                .collect(Collectors.joining(" < "));
    }

    /// {@return true if an injected error is the error or its cause}
    private static boolean isInjected(@Nullable Throwable thrown) {
        for (Throwable e = thrown; e != null; e = e.getCause()) {
            if (JavaFaults.MESSAGE.equals(e.getMessage())) {
                return true;
            }
        }
        return false;
    }
}
