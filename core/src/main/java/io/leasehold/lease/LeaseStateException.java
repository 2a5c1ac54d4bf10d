package io.leasehold.lease;

import io.leasehold.error.StateKind;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// Thrown if the state of a lease does not allow a call: the lease has ended, or belongs to another thread or pool.
///
/// In a traced pool the cause shows where the lease was acquired, and the suppressed exception where it was closed.
public final class LeaseStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The reason, for code that handles the cases differently.
    private final StateKind kind;

    LeaseStateException(StateKind kind, String message, @Nullable Throwable acquired) {
        super(message, acquired);
        this.kind = kind;
    }

    /// {@return the reason why the call was rejected}
    public StateKind kind() {
        return kind;
    }
}
