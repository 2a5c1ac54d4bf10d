package io.leasehold.page.service;

import java.util.concurrent.atomic.AtomicLong;

/// An owner of pages with a name, for messages and statistics: the `object` of a frame, as in vm_page(9).
///
/// **Ownership.** Registered with [ArenaServices#register], until [ArenaServices#unregister] or until the arena is
/// closed. An arena has at most 254 owners at a time.
///
/// **Threads.** Thread-safe.
public final class PageOwner {

    private final String name; // (C)
    private final int id; // (C) 1 to 255
    private final AtomicLong pages = new AtomicLong(); // (A) an update allocates nothing on the Java heap
    private volatile boolean isGone; // (A) set once

    /// Creates an owner. Called by the arena.
    ///
    /// @param name name of the owner in messages and statistics
    /// @param id number of the owner in the arena, from 1 to 255
    public PageOwner(String name, int id) {
        this.name = name;
        this.id = id;
    }

    /// {@return the name of the owner in messages and statistics}
    public String name() {
        return name;
    }

    /// {@return number of pages that the owner has; exact while no thread changes it}
    public long pageCount() {
        return pages.get();
    }

    /// {@return the number of the owner in the arena}
    public int id() {
        return id;
    }

    /// {@return true if the owner was unregistered}
    public boolean isGone() {
        return isGone;
    }

    /// Marks the owner as unregistered.
    public void setGone() {
        isGone = true;
    }

    /// Adds to the number of pages that the owner has.
    ///
    /// @param count number of pages, negative to subtract
    public void add(long count) {
        pages.addAndGet(count);
    }

    @Override
    public String toString() {
        return name;
    }
}
