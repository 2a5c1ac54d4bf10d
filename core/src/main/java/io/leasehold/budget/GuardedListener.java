package io.leasehold.budget;

import java.util.function.BooleanSupplier;

/// The callbacks of a budget, called so that a failure of theirs cannot lose bytes: none of these methods throws.
///
/// **Threads.** Thread-safe, if the callbacks are.
final class GuardedListener {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final MemoryBudget budget; // (C)
    private final BudgetListener listener; // (C)
    private final BooleanSupplier pressure; // (C)
    private volatile boolean warned; // (A) racy on purpose: a repeated failure would flood the log

    GuardedListener(MemoryBudget budget, BudgetOptions options) {
        BudgetListener given = options.listener();
        BooleanSupplier source = options.pressure();
        this.budget = budget;
        this.listener = given == null ? new BudgetListener() {} : given;
        this.pressure = source == null ? () -> false : source;
    }

    /// {@return the class of the listener, for messages}
    String name() {
        return listener.getClass().getName();
    }

    /// {@return true if the listener allows the reservation}
    boolean reserving(long bytes) {
        try {
            return listener.reserving(budget, bytes);
        } catch (Throwable e) {
            warn(e);
            return false;
        }
    }

    void released(long bytes) {
        try {
            listener.released(budget, bytes);
        } catch (Throwable e) { // an error too, here and below: the caller would take it for a failed reservation
            warn(e);
        }
    }

    void refused(BudgetRefusal refusal) {
        try {
            listener.refused(refusal);
        } catch (Throwable e) {
            warn(e);
        }
    }

    void softLimitCrossed(boolean isAbove) {
        try {
            listener.softLimitCrossed(budget, isAbove);
        } catch (Throwable e) {
            warn(e);
        }
    }

    /// {@return true if the source of pressure reports pressure}
    boolean isPressed() {
        try {
            return pressure.getAsBoolean();
        } catch (Throwable e) {
            warn(e);
            return false;
        }
    }

    private void warn(Throwable cause) {
        if (!warned) {
            warned = true;
            try {
                LOG.log(System.Logger.Level.WARNING, "listener of a budget failed: budget=" + budget.path(), cause);
            } catch (Throwable ignored) {
                // the failure of a log must not lose bytes either
            }
        }
    }
}
