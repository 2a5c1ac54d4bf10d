package io.leasehold.page;

import java.io.Serial;

/// A page was used against its state: freed twice, with a stale handle, while wired or held, or in a foreign arena.
public final class PageStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// What was wrong.
    public enum Kind {
        /// The page was freed already and has no owner now.
        FREED,
        /// The page was freed and belongs to somebody else now.
        STALE,
        /// The page is wired and so cannot be freed or split.
        WIRED,
        /// The page is held and so cannot be freed or split.
        HELD,
        /// The page was not wired or held when its wiring or hold was given up, or not wired when it was leased.
        NOT_WIRED,
        /// The page has as many wirings or holds as its frame can count.
        TOO_MANY,
        /// The handle or address is not of this arena.
        FOREIGN,
        /// The arena is closed.
        CLOSED
    }

    /// What was wrong, for code that tells the cases apart.
    private final Kind kind;

    PageStateException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /// {@return what was wrong}
    public Kind kind() {
        return kind;
    }
}
