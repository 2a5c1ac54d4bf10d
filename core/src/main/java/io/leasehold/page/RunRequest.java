package io.leasehold.page;

import io.leasehold.page.FrameSupply.Shortage;

/// A request for a run on the slow path, and why its last attempt failed.
///
/// **Threads.** Confined to the thread that makes the request; attempts are made under the lock of the [FramePool].
final class RunRequest {

    private static final int ANYWHERE = -1;

    final int pageCount; // (C)
    private final int align; // (C) a power of two, in pages
    private final int at; // (C) the one page where the run may begin, or ANYWHERE
    private Shortage shortage = Shortage.NO_RUN; // (O)

    private RunRequest(int pageCount, int align, int at) {
        this.pageCount = pageCount;
        this.align = align;
        this.at = at;
    }

    /// {@return a request for a run at any place that is a multiple of `align` pages}
    static RunRequest anywhere(int pageCount, int align) {
        return new RunRequest(pageCount, align, ANYWHERE);
    }

    /// {@return a request for the run that begins at `page`}
    static RunRequest at(int page, int pageCount) {
        return new RunRequest(pageCount, 1, page);
    }

    /// Tries to take the run.
    ///
    /// @return its first page, or [FreeMap#NONE]
    int attempt(FrameSupply supply) {
        int page;
        if (at == ANYWHERE) {
            page = supply.carve(pageCount, align);
        } else {
            page = supply.isFree(at, pageCount) && supply.take(at, pageCount) ? at : FreeMap.NONE;
        }
        shortage = supply.shortage();
        return page;
    }

    /// {@return true if the last attempt found a run that could not be paid for, so that memory given back would help}
    boolean needsMemory() {
        return shortage.needsMemory;
    }

    @Override
    public String toString() {
        return "RunRequest(pages=%d, align=%d, at=%d, shortage=%s)".formatted(pageCount, align, at, shortage);
    }
}
