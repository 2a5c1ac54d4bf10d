package io.leasehold.jumbo;

import java.io.Serial;

/// The use of a page does not fit its state: a double free, a stale handle, a stolen or armed page, a page of another
/// pool. Nothing was changed.
public final class JumboStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The reason.
    public enum Kind {
        /// The page was freed before. It is free, or its free is deferred while it is held.
        FREED,
        /// The page was freed before, and was allocated again since.
        STALE,
        /// The page was stolen or flipped, and is not a page of the pool now.
        STOLEN,
        /// The page was flipped in this generation.
        FLIPPED,
        /// A device or the kernel may write to the page.
        ARMED,
        /// The page is held by others.
        HELD,
        /// The page is leased only: not armed, not held, not stolen.
        LEASED,
        /// The page has gone with its slab.
        REMOVED,
        /// The page has the maximum number of holds.
        TOO_MANY,
        /// The handle is not of this pool.
        FOREIGN,
        /// The pool is closed.
        CLOSED
    }

    /// The id of a thread that is not known.
    public static final long UNKNOWN_THREAD = 0;

    /// The number of a page that is not known.
    public static final int UNKNOWN_PAGE = -1;

    /// The reason, for code that distinguishes the cases.
    private final Kind kind;

    /// The number of the page.
    private final int page;

    /// The state of the page at the time of the error.
    private final JumboState state;

    /// The generation of the page at the time of the error.
    private final long generation;

    /// The thread that changed the page last.
    private final long threadId;

    JumboStateException(Kind kind, String message, int page, JumboState state, long generation, long threadId) {
        super(message);
        this.kind = kind;
        this.page = page;
        this.state = state;
        this.generation = generation;
        this.threadId = threadId;
    }

    /// {@return the reason}
    public Kind kind() {
        return kind;
    }

    /// {@return the number of the page, or [#UNKNOWN_PAGE]}
    public int page() {
        return page;
    }

    /// {@return the state of the page when it was read; [JumboState#INACTIVE] if there is no page}
    public JumboState state() {
        return state;
    }

    /// {@return the generation of the page when it was read}
    public long generation() {
        return generation;
    }

    /// {@return the id of the thread that allocated, freed or marked the page last, or [#UNKNOWN_THREAD]; may be stale
    /// if threads race for the page}
    public long threadId() {
        return threadId;
    }
}
