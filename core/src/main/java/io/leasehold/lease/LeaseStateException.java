package io.leasehold.lease;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// Thrown if the state of a lease does not allow a call: the lease has ended, or belongs to another thread or pool.
///
/// In a traced pool the cause shows where the lease was acquired, and the suppressed exception where it was closed.
public final class LeaseStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The reason why the call was rejected.
    public enum Kind {
        /// The lease was closed or handed over.
        CLOSED,
        /// The lease was closed or handed over, and its record belongs to another lease or holder now.
        RECYCLED,
        /// The lease is confined to another thread.
        CONFINED,
        /// The handle belongs to another pool.
        FOREIGN,
        /// The pool is closed.
        POOL_CLOSED
    }

    /// The reason, for code that handles the cases differently.
    private final Kind kind;

    LeaseStateException(Kind kind, String message, @Nullable Throwable acquired) {
        super(message, acquired);
        this.kind = kind;
    }

    /// {@return the reason why the call was rejected}
    public Kind kind() {
        return kind;
    }
}
