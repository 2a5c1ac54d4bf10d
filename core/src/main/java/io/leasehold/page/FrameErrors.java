package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.StateKind;

/// Makes the errors for handles and addresses that a frame table rejects. The messages name the page, its state and its
/// owner.
///
/// **Threads.** Thread-safe; the state in a message is a snapshot and may be stale.
final class FrameErrors {

    private final PageFrames frames; // (C)
    private final String arena; // (C)

    FrameErrors(PageFrames frames, String arena) {
        this.frames = frames;
        this.arena = arena;
    }

    /// {@return index, state and owner of a page, for messages}
    String describe(long page) {
        return describe(page, frames.wordAt(FrameLayout.index(page)));
    }

    private String describe(long page, long word) {
        int index = FrameLayout.index(page);
        return format(
                "index=%d, generation=%d, state=%s, pages=%d, wires=%d, holds=%d, owner=%s, arena=%s",
                index,
                FrameLayout.generation(word),
                FrameLayout.isLive(word) ? "live" : "free",
                frames.run(index),
                FrameLayout.wires(word),
                FrameLayout.holds(word),
                frames.owners().name(FrameLayout.owner(frames.use(index))),
                arena);
    }

    PageStateException closed() {
        return new PageStateException(StateKind.CLOSED, "arena is closed: arena=" + arena);
    }

    PageStateException foreignHandle(long page) {
        if (frames.isClosed()) {
            return closed();
        }
        return new PageStateException(
                StateKind.FOREIGN, format("page handle is not of this arena: handle=0x%x, %s", page, frames));
    }

    PageStateException foreignAddress(long address) {
        return new PageStateException(
                StateKind.FOREIGN, format("address is not of this arena: address=0x%x, %s", address, frames));
    }

    PageStateException notAllocated(int index) {
        return new PageStateException(StateKind.FREED, format("page is not allocated: index=%d, %s", index, frames));
    }

    PageStateException countExceeded(String what, long page, int count) {
        return new PageStateException(
                count == 0 ? StateKind.NOT_WIRED : StateKind.TOO_MANY,
                format("cannot %s, the count is at its limit: count=%d, %s", what, count, describe(page)));
    }

    /// {@return the error for a page that cannot be leased}
    RuntimeException notLeasable(long page, long word, int maxPages) {
        if (frames.isClosed() || !FrameLayout.isCurrent(word, page)) {
            return rejected("lease", page, word);
        }
        if (FrameLayout.wires(word) == 0) {
            return new PageStateException(
                    StateKind.NOT_WIRED, "cannot lease a page that is not wired: " + describe(page, word));
        }
        return new IllegalArgumentException(
                format("cannot lease, the run is too long: %s, max=%d", describe(page), maxPages));
    }

    /// {@return the error for a frame whose word, loaded once, did not allow the requested change}
    PageStateException rejected(String what, long page, long word) {
        if (frames.isClosed()) {
            return closed();
        }
        boolean free = !FrameLayout.isLive(word);
        if (!FrameLayout.isCurrent(word, page)) {
            return rejected(
                    free ? StateKind.FREED : StateKind.STALE,
                    what,
                    free ? "page is freed" : "page has a new owner",
                    page,
                    word);
        }
        boolean wired = FrameLayout.wires(word) > 0;
        return rejected(
                wired ? StateKind.WIRED : StateKind.HELD, what, wired ? "page is wired" : "page is held", page, word);
    }

    private PageStateException rejected(StateKind kind, String what, String why, long page, long word) {
        long generation = FrameLayout.generation(FrameLayout.idleWord(page));
        return new PageStateException(
                kind, format("cannot %s, %s: handleGeneration=%d, %s", what, why, generation, describe(page, word)));
    }
}
