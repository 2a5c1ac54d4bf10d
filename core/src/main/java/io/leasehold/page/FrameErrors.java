package io.leasehold.page;

import io.leasehold.page.PageStateException.Kind;

/// What a frame table says of a handle or address that it cannot accept: which page, in which state, whose.
///
/// **Threads.** Thread-safe; a message is of the moment it was made.
final class FrameErrors {

    private final PageFrames frames; // (C)
    private final String arena; // (C)

    FrameErrors(PageFrames frames, String arena) {
        this.frames = frames;
        this.arena = arena;
    }

    /// {@return where a page is and who has it}
    String describe(long page) {
        return describe(page, frames.wordAt(FrameLayout.index(page)));
    }

    private String describe(long page, long word) {
        int index = FrameLayout.index(page);
        return ": index=%d, generation=%d, state=%s, pages=%d, wires=%d, holds=%d, owner=%s, arena=%s"
                .formatted(
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
        return new PageStateException(Kind.CLOSED, "arena is closed: " + arena);
    }

    PageStateException foreign(long page) {
        if (frames.isClosed()) {
            return closed();
        }
        return new PageStateException(
                Kind.FOREIGN, "page handle is not of this arena: 0x%x in %s".formatted(page, frames));
    }

    PageStateException foreignAddress(long address) {
        return new PageStateException(
                Kind.FOREIGN, "address is not of this arena: 0x%x in %s".formatted(address, frames));
    }

    PageStateException notAllocated(int index) {
        return new PageStateException(Kind.FREED, "page is not allocated: index=%d in %s".formatted(index, frames));
    }

    PageStateException uncountable(String what, long page, int count) {
        return new PageStateException(
                count == 0 ? Kind.NOT_WIRED : Kind.TOO_MANY,
                "cannot " + what + ", the count is " + count + describe(page));
    }

    /// {@return the error for a page that cannot be leased}
    RuntimeException unfit(long page, long word, int maxPages) {
        if (frames.isClosed() || !FrameLayout.isSameLife(word, page)) {
            return refused("lease", page, word);
        }
        if (FrameLayout.wires(word) == 0) {
            return new PageStateException(
                    Kind.NOT_WIRED, "cannot lease a page that is not wired" + describe(page, word));
        }
        return new IllegalArgumentException(
                "pages in a lease: " + frames.run(FrameLayout.index(page)) + ", bound=" + maxPages + describe(page));
    }

    /// {@return the error for a frame whose word, read once, did not allow what was asked}
    PageStateException refused(String what, long page, long word) {
        if (frames.isClosed()) {
            return closed();
        }
        boolean free = !FrameLayout.isLive(word);
        if (!FrameLayout.isSameLife(word, page)) {
            return refused(
                    free ? Kind.FREED : Kind.STALE, what, free ? "page is freed" : "page has a new owner", page, word);
        }
        boolean wired = FrameLayout.wires(word) > 0;
        return refused(wired ? Kind.WIRED : Kind.HELD, what, wired ? "page is wired" : "page is held", page, word);
    }

    private PageStateException refused(Kind kind, String what, String why, long page, long word) {
        long life = FrameLayout.generation(FrameLayout.idleWord(page));
        return new PageStateException(
                kind,
                "cannot %s, %s (the handle's generation is %d)%s".formatted(what, why, life, describe(page, word)));
    }
}
