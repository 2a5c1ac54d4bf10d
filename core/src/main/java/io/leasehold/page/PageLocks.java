package io.leasehold.page;

import static io.leasehold.page.FrameLayout.ONE_WIRE;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.StackReserve;
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
        StackReserve.ensure();
        lock.lock();
        try {
            frames.change("wire", page, ONE_WIRE, 1);
            boolean isLocked = false;
            try {
                if (frames.wireCount(page) == 1) {
                    lockPages(frames.address(page), (long) frames.pageCount(page) << frames.pageSizePower());
                }
                isLocked = true;
            } finally {
                if (!isLocked) { // refused, or the Java heap is full
                    frames.change("unwire", page, ONE_WIRE, -1);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Removes one wiring. The memory is unlocked before the count becomes 0, so that a page is never freed while it is
    /// locked. If the kernel call fails, the page stays wired.
    void unwire(PageFrames frames, long page) {
        StackReserve.ensure();
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

    /// Closes the frame table, and unlocks all locked pages among the first `upTo` pages, so that their memory can be
    /// given back. The table is closed under `lock`, so that no thread locks a page that was visited. If a kernel call
    /// fails, this can be repeated.
    void close(PageFrames frames, int upTo) {
        StackReserve.ensure();
        lock.lock();
        try {
            frames.shut();
            frames.forEachLive(upTo, page -> {
                int index = FrameLayout.index(page);
                if (FrameLayout.wires(frames.wordAt(index)) > 0) {
                    memory.unlock(frames.addressOf(index), (long) frames.run(index) << frames.pageSizePower());
                    mappings.credit(MAPPINGS_PER_LOCK);
                    frames.dropWires(index);
                }
            });
        } finally {
            lock.unlock();
        }
    }

    private void lockPages(long address, long byteSize) {
        mappings.charge("lock", MAPPINGS_PER_LOCK);
        boolean isLocked = false;
        try {
            memory.lock(address, byteSize);
            isLocked = true;
        } catch (RuntimeException | Error e) { // an error if the Java heap has no room for the exception of the call
            unlockRest(address, byteSize, e);
            throw e;
        } finally {
            if (!isLocked) {
                mappings.credit(MAPPINGS_PER_LOCK);
            }
        }
    }

    /// Unlocks the part of the range that a failed call may have locked.
    private void unlockRest(long address, long byteSize, Throwable cause) {
        try {
            memory.unlock(address, byteSize);
        } catch (SystemCallException e) {
            cause.addSuppressed(e);
        }
    }
}
