package io.leasehold.jumbo;

import java.io.Serial;

/// A page of a pool was used against its state: freed twice, with a stale handle, after it was stolen, while the kernel
/// has it, or in a foreign pool. Nothing was changed.
public final class JumboStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// What was wrong.
    public enum Kind {
        /// The page was freed before and has no holder now, or is only waiting for those who still hold it.
        FREED,
        /// The page was freed before and serves another holder now.
        STALE,
        /// The page was stolen or flipped and is not the pool's now.
        STOLEN,
        /// The page was flipped in this life.
        FLIPPED,
        /// The kernel may write to the page.
        ARMED,
        /// The page is held by others.
        HELD,
        /// The page is merely leased: not armed, not held, not stolen.
        LEASED,
        /// The page has gone with its slab.
        REMOVED,
        /// The page is held as often as can be counted.
        TOO_MANY,
        /// The handle is not of this pool.
        FOREIGN,
        /// The pool is closed.
        CLOSED
    }

    /// No thread is known.
    public static final long UNKNOWN_THREAD = 0;

    /// No page is known.
    public static final int UNKNOWN_PAGE = -1;

    /// What was wrong, for code that tells the cases apart.
    private final Kind kind;

    /// Which page.
    private final int page;

    /// What the page was then.
    private final JumboState state;

    /// In which of its lives the page was.
    private final long generation;

    /// Who changed it last.
    private final long threadId;

    JumboStateException(Kind kind, String message, int page, JumboState state, long generation, long threadId) {
        super(message);
        this.kind = kind;
        this.page = page;
        this.state = state;
        this.generation = generation;
        this.threadId = threadId;
    }

    /// {@return what was wrong}
    public Kind kind() {
        return kind;
    }

    /// {@return which page it is, or [#UNKNOWN_PAGE]}
    public int page() {
        return page;
    }

    /// {@return what the page was when it was looked at; [JumboState#INACTIVE] if there is none}
    public JumboState state() {
        return state;
    }

    /// {@return in which of its lives the page was then}
    public long generation() {
        return generation;
    }

    /// {@return the id of the thread that took, gave or marked the page last, or [#UNKNOWN_THREAD]; of some moment
    /// around the error if threads race for the page}
    public long threadId() {
        return threadId;
    }
}
