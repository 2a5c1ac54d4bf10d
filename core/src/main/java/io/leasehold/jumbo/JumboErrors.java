package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.StateKind;
import java.util.function.IntPredicate;

/// Creates the exceptions for handles that a pool does not accept. An exception names the page, its state, its
/// generation, and the thread that used the page last.
///
/// **Threads.** Thread-safe. A message is a snapshot.
final class JumboErrors {

    private final String pool; // (C)
    private final IntPredicate free; // (C)

    /// @param pool the name of the pool
    /// @param free tests whether a page is free, which its word does not show
    JumboErrors(String pool, IntPredicate free) {
        this.pool = pool;
        this.free = free;
    }

    /// {@return the exception for a word that did not allow a call} The word was read once.
    JumboStateException refused(String what, JumboPage<?> page, long handle, long word) {
        JumboState state = state(page, handle, word);
        StateKind kind = kind(state, handle, word);
        return error(kind, format("cannot %s, %s", what, reason(kind)), page, state, handle, word);
    }

    JumboStateException tooManyHolds(JumboPage<?> page, long handle, long word) {
        String why = format("cannot hold, the page is held %d times", JumboLayout.holds(word));
        return error(StateKind.TOO_MANY, why, page, JumboLayout.state(word), handle, word);
    }

    JumboStateException foreign(long handle) {
        return bare(StateKind.FOREIGN, format("handle is not of this pool: handle=0x%x, pool=%s", handle, pool));
    }

    JumboStateException closed() {
        return bare(StateKind.CLOSED, "pool is closed: pool=" + pool);
    }

    /// {@return the exception for a handle whose page has gone with its slab, or never existed}
    JumboStateException missing(String what, long handle, boolean wasThere) {
        if (!wasThere) {
            return foreign(handle);
        }
        String message = format(
                "cannot %s, the page has gone with its slab:" + " page=%d, handleGeneration=%d, thread=%d, pool=%s",
                what, JumboLayout.page(handle), generation(handle), here(), pool);
        return new JumboStateException(
                StateKind.REMOVED,
                message,
                JumboLayout.page(handle),
                JumboState.INACTIVE,
                generation(handle),
                JumboStateException.UNKNOWN_THREAD);
    }

    private static StateKind kind(JumboState state, long handle, long word) {
        int age = JumboLayout.age(word, handle);
        if (age == 0) {
            return ofSameGeneration(state, word);
        }
        return switch (state) {
            case FLIPPED -> age < 0 ? StateKind.STOLEN : StateKind.STALE;
            case STOLEN -> age == 1 ? StateKind.STOLEN : StateKind.STALE;
            case FREE, INACTIVE -> age <= 2 ? StateKind.FREED : StateKind.STALE;
            case LEASED, DEFERRED_FREE ->
                age < 0 ? StateKind.FREED : StateKind.STALE; // the handle of a consumer, after it gave the page back
            case ARMED -> StateKind.STALE;
        };
    }

    /// {@return the state of a page that does not fit a handle} A page is not free if its word has the generation of
    /// the handle, because the holder of the handle has the page.
    private JumboState state(JumboPage<?> page, long handle, long word) {
        JumboState state = JumboLayout.state(word);
        boolean mayBeFree = state == JumboState.LEASED && !JumboLayout.isSameGeneration(word, handle);
        return mayBeFree && free.test(page.index()) ? JumboState.FREE : state;
    }

    private static StateKind ofSameGeneration(JumboState state, long word) {
        return switch (state) {
            case LEASED -> {
                if (JumboLayout.holds(word) > 0) {
                    yield StateKind.HELD;
                }
                yield JumboLayout.isOnceFlipped(word) ? StateKind.FLIPPED : StateKind.LEASED;
            }
            case ARMED -> StateKind.ARMED;
            case FLIPPED -> StateKind.FLIPPED;
            case STOLEN -> StateKind.STOLEN;
            case DEFERRED_FREE, FREE, INACTIVE -> StateKind.FREED;
        };
    }

    private static String reason(StateKind kind) {
        return switch (kind) {
            case FREED -> "the page is freed";
            case STALE -> "the page was freed and is allocated again";
            case STOLEN -> "the page is stolen";
            case FLIPPED -> "the page is flipped";
            case ARMED -> "the page is armed";
            case HELD -> "the page is held";
            case LEASED -> "the page is only leased";
            default -> throw new AssertionError(kind);
        };
    }

    private JumboStateException error(
            StateKind kind, String why, JumboPage<?> page, JumboState state, long handle, long word) {
        String message = format(
                "%s: page=%d, state=%s, generation=%d, holds=%d, handleGeneration=%d,"
                        + " lastThread=%d, thread=%d, pool=%s",
                why,
                page.index(),
                state,
                JumboLayout.generation(word),
                JumboLayout.holds(word),
                generation(handle),
                page.lastThread(),
                here(),
                pool);
        return new JumboStateException(
                kind, message, page.index(), state, JumboLayout.generation(word), page.lastThread());
    }

    private static JumboStateException bare(StateKind kind, String message) {
        return new JumboStateException(
                kind,
                message,
                JumboStateException.UNKNOWN_PAGE,
                JumboState.INACTIVE,
                0,
                JumboStateException.UNKNOWN_THREAD);
    }

    private static long generation(long handle) {
        return JumboLayout.generation(handle);
    }

    private static long here() {
        return Thread.currentThread().threadId();
    }
}
