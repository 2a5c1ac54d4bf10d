package io.leasehold.budget;

import static io.leasehold.text.Texts.format;

import org.jspecify.annotations.Nullable;

/// The reason why a reservation was refused: the first limit that refused, from the requested budget upwards.
///
/// @param requested the budget in which the bytes were requested
/// @param refusing the budget whose limit, share or listener refused them: `requested` or one above it
/// @param reason the kind of limit
/// @param bytes number of bytes that were requested
/// @param usedBytes number of bytes that were reserved in `refusing`
/// @param maxBytes the limit or share of `refusing` in bytes
public record BudgetRefusal(
        MemoryBudget requested, MemoryBudget refusing, Reason reason, long bytes, long usedBytes, long maxBytes) {

    /// The kinds of limits.
    public enum Reason {
        /// The hard limit of the budget.
        LIMIT("the limit of a budget is reached"),
        /// The share of the budget, because its parent is under pressure.
        SHARE("a budget has its share of a parent under pressure"),
        /// The listener of the budget.
        LISTENER("the listener of a budget refused");

        private final String words;

        Reason(String words) {
            this.words = words;
        }

        /// {@return the reason in words, the beginning of a message}
        public String words() {
            return words;
        }
    }

    /// {@return the class of the listener that refused, or null if a limit or a share did}
    public @Nullable String listener() {
        return reason == Reason.LISTENER ? refusing.listenerName() : null;
    }

    /// {@return a message with the limit that refused, the numbers, and the paths of both budgets}
    public String message() {
        return format(
                "%s: budget=%s%s, request=%,d B, max=%,d B, used=%,d B, requested in %s",
                reason.words,
                refusing.path(),
                listener() == null ? "" : ", listener=" + listener(),
                bytes,
                maxBytes,
                usedBytes,
                requested.path());
    }

    @Override
    public String toString() {
        return message();
    }
}
