package io.leasehold.memory;

import java.util.Arrays;
import java.util.stream.Collectors;

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
        int nth = 1;
        while (isHit(what, step, nth)) {
            nth = JavaFaults.next(nth);
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
            if (thrown != null && !(isHit && isForWantOfRoom(thrown))) {
                throw new AssertionError("not an injected error: " + thrown);
            }
            if (isHit) {
                check.run();
            }
        } catch (Throwable e) {
            if (thrown != null) {
                e.addSuppressed(thrown);
            }
            String where = thrown == null ? "nothing thrown" : where(thrown);
            throw new AssertionError("%s, fault %d of %s, %s: %s".formatted(mode, nth, what, where, e.getMessage()), e);
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

    /// {@return true if it says that there is no Java heap or stack, or this is its cause}
    private static boolean isForWantOfRoom(Throwable thrown) {
        Throwable e = thrown;
        while (e != null && !(e instanceof VirtualMachineError)) {
            e = e.getCause();
        }
        return e != null;
    }
}
