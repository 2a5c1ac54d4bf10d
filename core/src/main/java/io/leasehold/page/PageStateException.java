package io.leasehold.page;

import io.leasehold.error.StateKind;
import java.io.Serial;

/// A page was used in a way that its state does not allow: freed twice, with a stale handle, while wired or held, in a
/// foreign arena, or after its arena was closed.
public final class PageStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The kind of error, for code that distinguishes the cases.
    private final StateKind kind;

    PageStateException(StateKind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /// {@return the kind of error}
    public StateKind kind() {
        return kind;
    }
}
