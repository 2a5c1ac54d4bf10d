package io.leasehold.page;

import java.util.concurrent.atomic.LongAdder;

/// Somebody who holds pages for a purpose, known to an arena by name: the `object` of a frame, as in vm_page(9).
///
/// **Ownership.** Registered with [PageFrames#register] until [PageFrames#unregister]; at most 255 at once in one arena.
///
/// **Threads.** Thread-safe.
public final class PageOwner {

    private final String name; // (C)
    private final int id; // (C) 1 to 255
    private final LongAdder pages = new LongAdder(); // (A)
    private volatile boolean hasEnded; // (A)

    PageOwner(String name, int id) {
        this.name = name;
        this.id = id;
    }

    /// {@return the name for messages and statistics}
    public String name() {
        return name;
    }

    /// {@return how many pages it holds; exact when nobody changes it}
    public long pageCount() {
        return pages.sum();
    }

    int id() {
        return id;
    }

    void end() {
        hasEnded = true;
    }

    /// {@return true if nothing refers to the owner any more}
    boolean isGone() {
        return hasEnded && pages.sum() == 0;
    }

    void add(long count) {
        pages.add(count);
    }

    @Override
    public String toString() {
        return name;
    }
}
