package io.leasehold.page;

import java.util.concurrent.atomic.AtomicLong;

/// A part of the program that holds pages for a purpose, known to an arena by name: the `object` of a frame, as in
/// vm_page(9).
///
/// **Ownership.** Registered with [PageFrames#register] until [PageArena#unregister], or for the life of the arena; at
/// most 254 at a time in one arena.
///
/// **Threads.** Thread-safe.
public final class PageOwner {

    private final String name; // (C)
    private final int id; // (C) 1 to 255
    private final AtomicLong pages = new AtomicLong(); // (A) which allocates nothing on the Java heap
    private volatile boolean isGone; // (A) set once

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
        return pages.get();
    }

    int id() {
        return id;
    }

    /// {@return true if it was unregistered}
    boolean isGone() {
        return isGone;
    }

    void setGone() {
        isGone = true;
    }

    void add(long count) {
        pages.addAndGet(count);
    }

    @Override
    public String toString() {
        return name;
    }
}
