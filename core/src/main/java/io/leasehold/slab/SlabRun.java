package io.leasehold.slab;

import static io.leasehold.text.Texts.format;

import org.jspecify.annotations.Nullable;

/// Adjacent pages of a slab, with their handle and their lease.
///
/// **Threads.** Confined to the thread that has the slab.
final class SlabRun {

    final long address; // (C) of the first byte, or its index in the array
    final byte @Nullable [] array; // (C) null outside the Java heap
    long page; // (O) handle of the run, wired while it is leased
    long lease; // (O) the one lease, which all blocks of the run share
    int pages; // (O)

    @Nullable SlabRun next; // (L) ArenaMemory.lock; the run that was given up before this one

    SlabRun(byte @Nullable [] array, long address, long page, long lease, int pages) {
        this.array = array;
        this.address = address;
        this.page = page;
        this.lease = lease;
        this.pages = pages;
    }

    @Override
    public String toString() {
        return format("SlabRun(address=0x%x, pages=%d)", address, pages);
    }
}
