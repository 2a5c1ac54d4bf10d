package io.leasehold.page;

import io.leasehold.memory.StackReserve;

/// Changes the length of allocated runs: grows them in place, and splits them.
///
/// ```text
///   tryGrow   | run           | free |          ---> | run                  |
///   split     | run                  |          ---> | run     | another run  |
/// ```
///
/// **Threads.** Thread-safe. A run is held or pinned during the change, so that it cannot be freed.
final class RunLengths {

    private final PageFrames frames; // (C)
    private final FrameAllocator allocator; // (C)
    private final boolean locksWired; // (C)

    RunLengths(PageFrames frames, FrameAllocator allocator, boolean locksWired) {
        this.frames = frames;
        this.allocator = allocator;
        this.locksWired = locksWired;
    }

    /// {@return true if a run was lengthened by the `pages` that follow it; its handle stays the same}
    boolean tryGrow(long page, int pages) {
        if (pages <= 0) {
            throw new IllegalArgumentException("pages to grow by are out of range: pages=" + pages + ", min=1");
        }
        StackReserve.ensure(); // after the hold an overflow would leave the page held, or lose the added pages
        if (locksWired) {
            frames.pin("grow", page);
        } else {
            frames.hold(page);
        }
        try {
            int index = FrameLayout.index(page);
            boolean isGrown = allocator.extend(index + frames.run(index), pages);
            if (isGrown) {
                frames.lengthen(index, pages);
            }
            return isGrown;
        } finally {
            frames.unhold(page);
        }
    }

    /// Shortens a run to `pages`.
    ///
    /// @return the handle of the remaining pages
    long split(long page, int pages) {
        StackReserve.ensure(); // after the pin an overflow would leave the page held, or lose the remaining pages
        frames.pin("split", page);
        try {
            int index = FrameLayout.index(page);
            int count = frames.run(index);
            if (pages <= 0 || pages >= count) {
                throw new IllegalArgumentException(
                        "pages to keep are out of range: pages=" + pages + ", min=1, max=" + (count - 1));
            }
            frames.lengthen(index, pages - count);
            frames.setRun(index + pages, count - pages);
            return frames.claim(index + pages);
        } finally {
            frames.unhold(page);
        }
    }
}
