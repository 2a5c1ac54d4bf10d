package io.leasehold.lease;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// A lease was used against its state: after its end, by the wrong thread, or in a foreign pool.
///
/// In a traced pool the cause is where the lease was acquired, and the suppressed exception where it was closed.
public final class LeaseStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// What was wrong.
    public enum Kind {
        /// The lease was closed or handed over.
        CLOSED,
        /// The lease was closed or handed over, and what it stood for serves another lease now.
        RECYCLED,
        /// The lease is confined to another thread.
        CONFINED,
        /// The handle is not of this pool.
        FOREIGN,
        /// The pool is closed.
        POOL_CLOSED
    }

    /// What was wrong, for code that tells the cases apart.
    private final Kind kind;

    LeaseStateException(Kind kind, String message, @Nullable Throwable acquired) {
        super(message, acquired);
        this.kind = kind;
    }

    /// {@return what was wrong}
    public Kind kind() {
        return kind;
    }
}
