package io.leasehold.jumbo;

import io.leasehold.error.StateKind;
import java.io.Serial;

/// The use of a page does not fit its state: a double free, a stale handle, a stolen or armed page, a page of another
/// pool, or a closed pool. Nothing was changed.
public final class JumboStateException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    /// The id of a thread that is not known.
    public static final long UNKNOWN_THREAD = 0;

    /// The number of a page that is not known.
    public static final int UNKNOWN_PAGE = -1;

    /// The reason, for code that distinguishes the cases.
    private final StateKind kind;

    /// The number of the page.
    private final int page;

    /// The state of the page at the time of the error.
    private final JumboState state;

    /// The generation of the page at the time of the error.
    private final long generation;

    /// The id of the thread that changed the state of the page last, or took it from the slab pool.
    private final long threadId;

    JumboStateException(StateKind kind, String message, int page, JumboState state, long generation, long threadId) {
        super(message);
        this.kind = kind;
        this.page = page;
        this.state = state;
        this.generation = generation;
        this.threadId = threadId;
    }

    /// {@return the reason}
    public StateKind kind() {
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

    /// {@return the generation of the page when it was read; that of the handle if the page has gone with its slab; 0
    /// if there is no page}
    public long generation() {
        return generation;
    }

    /// {@return the id of the thread that changed the state of the page last or took it from the slab pool, or
    /// [#UNKNOWN_THREAD]; may be stale if threads race for the page}
    ///
    /// An allocation from a magazine is not recorded.
    public long threadId() {
        return threadId;
    }
}
