package io.leasehold.window;

import io.leasehold.error.StateKind;
import java.io.Serial;

/// Thrown if the state of a file, a window or their cache does not allow a call.
public final class WindowStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The reason, for code that handles the cases differently.
    private final StateKind kind;

    WindowStateException(StateKind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /// {@return the reason why the call was rejected: FREED for a window that was released, CLOSED for a file or a
    /// cache that is closed, IN_USE for windows that are outstanding, or NOT_WRITABLE}
    public StateKind kind() {
        return kind;
    }
}
