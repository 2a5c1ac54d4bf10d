package io.leasehold.page;

import static io.leasehold.page.FrameLayout.ONE_WIRE;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.os.VirtualMemory;
import java.util.concurrent.locks.ReentrantLock;

/// Wiring that locks pages in memory: the first wiring of an allocation locks it, and the last unwiring unlocks it.
///
/// mlock(2) does not count, and each locked range splits a mapping. So the count and the lock change together under
/// `lock`, and a locked allocation is charged two mappings.
///
/// **Threads.** Thread-safe; blocks while another thread locks or unlocks pages.
final class PageLocks {

    private static final int MAPPINGS_PER_LOCK = 2;

    private final VirtualMemory memory; // (C)
    private final MappingBudget mappings; // (C)
    private final ReentrantLock lock = new ReentrantLock();

    PageLocks(VirtualMemory memory, MappingBudget mappings) {
        this.memory = memory;
        this.mappings = mappings;
    }

    void wire(PageFrames frames, long page) {
        lock.lock();
        try {
            frames.change("wire", page, ONE_WIRE, 1);
            if (frames.wireCount(page) == 1) {
                try {
                    lockPages(frames.address(page), (long) frames.pageCount(page) << frames.pageSizePower());
                } catch (RuntimeException e) {
                    frames.change("unwire", page, ONE_WIRE, -1);
                    throw e;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Removes one wiring. The memory is unlocked before the count becomes 0, so that a page is never freed while it is
    /// locked. If the kernel call fails, the page stays wired.
    void unwire(PageFrames frames, long page) {
        lock.lock();
        try {
            if (frames.wireCount(page) == 1) {
                memory.unlock(frames.address(page), (long) frames.pageCount(page) << frames.pageSizePower());
                mappings.credit(MAPPINGS_PER_LOCK);
            }
            frames.change("unwire", page, ONE_WIRE, -1);
        } finally {
            lock.unlock();
        }
    }

    private void lockPages(long address, long byteSize) {
        mappings.charge("lock", MAPPINGS_PER_LOCK);
        try {
            memory.lock(address, byteSize);
        } catch (SystemCallException e) {
            unlockRest(address, byteSize, e);
            mappings.credit(MAPPINGS_PER_LOCK);
            throw e;
        }
    }

    /// Unlocks the part of the range that a failed call may have locked.
    private void unlockRest(long address, long byteSize, SystemCallException cause) {
        try {
            memory.unlock(address, byteSize);
        } catch (SystemCallException e) {
            cause.addSuppressed(e);
        }
    }
}
