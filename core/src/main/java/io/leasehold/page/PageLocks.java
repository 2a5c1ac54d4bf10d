package io.leasehold.page;

import static io.leasehold.page.FrameLayout.ONE_WIRE;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.os.VirtualMemory;
import java.util.concurrent.locks.ReentrantLock;

/// Wiring that keeps pages in memory: the first wiring of an allocation locks it, the last one lets it go.
///
/// mlock(2) does not count, and each locked range splits a mapping, so both changes of state happen under one lock, and
/// two mappings are charged while a page is locked.
///
/// **Threads.** Thread-safe; blocks while another page is locked or unlocked.
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

    /// The memory is unlocked before the count falls, so that no page is ever freed while locked; if the kernel
    /// refuses, the page stays wired.
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

    /// A lock that failed may have locked a part.
    private void unlockRest(long address, long byteSize, SystemCallException cause) {
        try {
            memory.unlock(address, byteSize);
        } catch (SystemCallException e) {
            cause.addSuppressed(e);
        }
    }
}
