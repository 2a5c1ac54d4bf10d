package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.page.FrameSupply.Shortage;

/// A request for a run on the slow path, and why its last attempt failed.
///
/// **Threads.** Confined to the thread that makes the request; attempts are made under `FramePool.lock`.
final class RunRequest {

    private static final int ANYWHERE = -1;

    final int pageCount; // (C)
    private final int align; // (C) a power of two, in pages
    private final int at; // (C) the page where the run must begin, or ANYWHERE
    private Shortage shortage = Shortage.NO_RUN; // (O)

    private RunRequest(int pageCount, int align, int at) {
        this.pageCount = pageCount;
        this.align = align;
        this.at = at;
    }

    /// {@return a request for a run that begins at any multiple of `align` pages}
    static RunRequest anywhere(int pageCount, int align) {
        return new RunRequest(pageCount, align, ANYWHERE);
    }

    /// {@return a request for the run that begins at `page`}
    static RunRequest at(int page, int pageCount) {
        return new RunRequest(pageCount, 1, page);
    }

    /// Tries to allocate the run.
    ///
    /// @return the first page of the run, or [FreeMap#NONE]
    int attempt(FrameSupply supply) {
        int page;
        if (at == ANYWHERE) {
            page = supply.carve(pageCount, align);
            shortage = supply.shortage();
        } else if (supply.isFree(at, pageCount)) {
            page = supply.take(at, pageCount) ? at : FreeMap.NONE;
            shortage = supply.shortage();
        } else {
            page = FreeMap.NONE;
            shortage = Shortage.NO_RUN; // the supply still has the reason of another request
        }
        return page;
    }

    /// {@return true if the last attempt found a run but no memory for it, so that a decommit elsewhere may help}
    boolean needsMemory() {
        return shortage.needsMemory;
    }

    /// {@return true if the budget refused the last attempt}
    boolean isRefusedByBudget() {
        return shortage == Shortage.BUDGET;
    }

    @Override
    public String toString() {
        return format("RunRequest(pages=%d, align=%d, at=%d, shortage=%s)", pageCount, align, at, shortage);
    }
}
