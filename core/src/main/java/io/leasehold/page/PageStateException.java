package io.leasehold.page;

import java.io.Serial;

/// A page was used in a way that its state does not allow: freed twice, with a stale handle, while wired or held, or in
/// a foreign arena.
public final class PageStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The kind of error.
    public enum Kind {
        /// The page was freed and is not allocated now.
        FREED,
        /// The page was freed and is allocated to another owner now.
        STALE,
        /// The page is wired. It cannot be freed or split.
        WIRED,
        /// The page is held. It cannot be freed or split.
        HELD,
        /// The page was not wired at an unwire or lease, or not held at an unhold.
        NOT_WIRED,
        /// The page has the maximum number of wirings or holds that a frame can count.
        TOO_MANY,
        /// The handle or address belongs to another arena, or to none.
        FOREIGN,
        /// The arena is closed.
        CLOSED
    }

    /// The kind of error, for code that distinguishes the cases.
    private final Kind kind;

    PageStateException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /// {@return the kind of error}
    public Kind kind() {
        return kind;
    }
}
