package io.leasehold.budget;

import io.leasehold.budget.BudgetRefusal.Reason;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Decides whether the limit and the shares of one budget allow a reservation, and whether the budget should hold less.
/// The formula is in [MemoryBudget].
///
/// ```text
///   BudgetShares of "process"      limit, fair shares of its children
///        ^ above
///   BudgetShares of "cache"        limit, and its share: a part of the share of "process"
/// ```
///
/// **Threads.** Thread-safe and lock-free. Changes nothing. Shares are computed from a snapshot, which may be stale.
final class BudgetShares {

    private final MemoryBudget budget; // (C)
    private final @Nullable BudgetShares above; // (C) of the parent
    private final BudgetOptions options; // (C)
    private final AtomicLong own; // (C) bytes that are reserved in the budget itself
    private final BudgetChildren children; // (C)
    private final GuardedListener listener; // (C)

    BudgetShares(
            MemoryBudget budget,
            @Nullable BudgetShares above,
            BudgetOptions options,
            AtomicLong own,
            BudgetChildren children,
            GuardedListener listener) {
        this.budget = budget;
        this.above = above;
        this.options = options;
        this.own = own;
        this.children = children;
        this.listener = listener;
    }

    /// {@return the share of the budget in bytes}
    long shareBytes() {
        if (above == null) {
            return options.byteLimit();
        }
        long left = Math.max(0, above.shareBytes() - above.own.get());
        int divisor = above.options.fairShares() ? Math.max(1, above.children.count()) : 1;
        return Math.min(options.byteLimit(), left / divisor);
    }

    /// {@return true if the budget is above its soft limit, its source of pressure reports pressure, or it is in a
    /// branch above its share} A branch above its share counts only if its parent has fair shares and is under
    /// pressure.
    boolean isUnderPressure() {
        if (isPressed()) {
            return true;
        }
        for (BudgetShares at = this; at.above != null; at = at.above) {
            if (at.above.options.fairShares() && at.above.isPressed() && at.budget.usedBytes() > at.shareBytes()) {
                return true;
            }
        }
        return false;
    }

    private boolean isPressed() {
        return isAboveSoftLimit() || listener.isPressed();
    }

    boolean isAboveSoftLimit() {
        return budget.usedBytes() > options.softByteLimit();
    }

    /// {@return the refusal that a reservation of `bytes` would meet first, from the budget upwards, or null}
    @Nullable BudgetRefusal firstRefusal(long bytes) {
        BudgetRefusal refusal = null;
        MemoryBudget from = null;
        for (BudgetShares at = this; at != null && refusal == null; at = at.above) {
            long usedByChild = from == null ? 0 : from.usedBytes() + bytes;
            refusal = at.refusal(bytes, at.budget.usedBytes(), budget, from, usedByChild);
            from = at.budget;
        }
        return refusal;
    }

    /// {@return the refusal of this budget's own limit or shares, or null}
    ///
    /// @param usedHere number of bytes that are reserved here without `bytes`
    /// @param requested the budget that the bytes are reserved in
    /// @param from the child that the bytes are reserved through, or null in `requested`
    /// @param usedByChild number of bytes that are reserved in `from`, with `bytes`
    @Nullable BudgetRefusal refusal(
            long bytes, long usedHere, MemoryBudget requested, @Nullable MemoryBudget from, long usedByChild) {
        if (bytes > options.byteLimit() - usedHere) {
            return new BudgetRefusal(requested, budget, Reason.LIMIT, bytes, usedHere, options.byteLimit());
        }
        if (from != null
                && options.fairShares()
                && (usedHere + bytes > options.softByteLimit() || listener.isPressed())) {
            long share = from.shareBytes();
            if (usedByChild > share) {
                return new BudgetRefusal(requested, from, Reason.SHARE, bytes, usedByChild - bytes, share);
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return "BudgetShares(budget=" + budget.path() + ", shareBytes=" + shareBytes() + ")";
    }
}
