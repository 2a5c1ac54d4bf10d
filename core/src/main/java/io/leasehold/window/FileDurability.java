package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What a power cut may still take of a file: the pages that were written through it since they were last forced, and
/// those that the disk has refused.
///
/// ```text
///                  force: what of it is in the range, in one call      success
///   written ---> unforced -----------------------------> forcing ---------------> durable
///      ^            |   any failure of the disk takes both   |
///      |            +------------------> lost <--------------+
///      +--- written again, to the byte ----+
///
///   written ---> fresh --- as much as the bound: start writing ---> under way --- wait, at the next such time ---> out
/// ```
///
/// **A refusal is for all that was not forced.** After a failed write the kernel takes a page for clean and tells the
/// error once, at the next call that waits for the disk, whatever range that call is for. So whichever call it is,
/// whatever was not forced by then is lost as far as anybody knows, and stays so until it is written again: forcing
/// it a second time would succeed and mean nothing. Nor does a write count that began before the refusal. The change of
/// a length is otherwise: the file system keeps it, and stops altogether if it cannot.
///
/// **Between the first and the last dirty page of a range** only dirty pages are written: the kernel finds them without
/// looking at the others. So one call for all of them, with one flush of the disk, forces exactly those.
///
/// **Threads.** Thread-safe. One thread at a time forces, and who comes next waits until that is done: it may ask for
/// what is under way. [#writeBackIfMuch] is called by the writer of the file.
///
/// **Invariants.** I1: what a finished write has changed is in `unforced`, `forcing` or `lost`, or durable. I2: `fresh`
/// has fewer bytes than the bound, unless a write is under way.
final class FileDurability {

    /// Enough that scattered writes are kept apart, and so few that they are looked through in no time beside a system
    /// call.
    private static final int MOST_RANGES = 256;

    private final Files files; // (C)
    private final int descriptor; // (C)
    private final long pageByteSize; // (C)
    private final long dirtyByteSize; // (C) bound of `dirty`
    private final ReentrantLock force = new ReentrantLock(); // held while the disk is waited for
    private final ByteRanges unforced = new ByteRanges(MOST_RANGES); // (L) this, as all below
    private final ByteRanges forcing = new ByteRanges(MOST_RANGES); // (L)
    private final ByteRanges failed = new ByteRanges(MOST_RANGES); // (L)
    private final ByteRanges dirty = new ByteRanges(MOST_RANGES); // (L)
    private final ByteRanges inFlight = new ByteRanges(1); // (L)
    private boolean isLengthChanged; // (L) since all was last forced
    private @Nullable SystemCallException lastFailure; // (L) the last one
    private int failures; // (L)

    FileDurability(Files files, int descriptor, long pageByteSize, long dirtyByteSize) {
        this.files = files;
        this.descriptor = descriptor;
        this.pageByteSize = pageByteSize;
        this.dirtyByteSize = dirtyByteSize;
    }

    /// Takes note that a range is about to be written, or lent to be.
    ///
    /// @return what [#written] and [#stored] are to be told
    synchronized int writing(long from, long end) {
        unforced.add(from & -pageByteSize, pageEnd(end));
        return failures;
    }

    /// Takes note that each byte of a range was written.
    synchronized void written(long from, long end, int failuresBefore) {
        failed.remove(from, end);
        stored(from, end, failuresBefore);
    }

    /// Takes note that bytes of a range may have been changed; which of them, nobody tells.
    synchronized void stored(long from, long end, int failuresBefore) {
        dirty.add(from & -pageByteSize, pageEnd(end));
        (failuresBefore == failures ? unforced : failed).add(from & -pageByteSize, pageEnd(end));
    }

    /// Takes note that the file has grown over what nobody wrote: no page that could be forced stands for it.
    synchronized void grownOverHole() {
        isLengthChanged = true;
    }

    /// Takes note that the length was changed otherwise than by writing, that nothing is left behind it, and that the
    /// kernel has zeroed the rest of the last page.
    synchronized void resized(long byteSize) {
        isLengthChanged = true;
        unforced.remove(pageEnd(byteSize), Long.MAX_VALUE);
        forcing.remove(pageEnd(byteSize), Long.MAX_VALUE);
        dirty.remove(pageEnd(byteSize), Long.MAX_VALUE);
        failed.remove(byteSize, Long.MAX_VALUE);
        unforced.add(byteSize & -pageByteSize, pageEnd(byteSize));
    }

    /// Has the kernel write what is dirty if that is as much as the bound, and waits until what was written so before
    /// is out: no more than that and the bound is ever dirty. What the disk refuses is told by [#force].
    void writeBackIfMuch() {
        long from;
        long end;
        long previousFrom = 0;
        long previousEnd = 0;
        synchronized (this) {
            if (dirty.byteSize() < dirtyByteSize) {
                return;
            }
            from = dirty.start();
            end = dirty.end();
            if (!inFlight.isEmpty()) {
                previousFrom = inFlight.start();
                previousEnd = inFlight.end();
            }
            dirty.clear();
            inFlight.clear();
            inFlight.add(from, end);
        }
        try {
            files.writeBack(descriptor, from, end - from);
            if (previousFrom < previousEnd) {
                files.writeBack(descriptor, previousFrom, previousEnd - previousFrom);
            }
        } catch (SystemCallException e) {
            recordFailure(e);
        }
    }

    /// Makes a range survive a power cut. It costs no call of the kernel if nothing in it was written since the last
    /// time.
    ///
    /// @param from start of the range
    /// @param end end of the range
    /// @param fileByteSize end of the file: what is called lost of the page around it was there only up to it
    /// @throws SystemCallException if the disk refuses, or has refused something of the range that was not written
    ///     again
    void force(long from, long end, long fileByteSize) {
        force.lock();
        try {
            boolean isWhole;
            long first = 0;
            long last = 0;
            synchronized (this) {
                requireNotFailed(from, Math.min(end, fileByteSize));
                isWhole = isLengthChanged;
                isLengthChanged = false;
                ByteRanges due = isWhole ? unforced : unforced.within(from & -pageByteSize, pageEnd(end));
                if (!due.isEmpty()) {
                    first = due.start();
                    last = due.end();
                    forcing.addAll(due);
                    unforced.remove(first, last);
                    dirty.remove(first, last);
                }
            }
            sync(isWhole, first, last);
            synchronized (this) {
                forcing.clear();
                // the writer may have been told meanwhile
                requireNotFailed(from, Math.min(end, fileByteSize));
            }
        } finally {
            force.unlock();
        }
    }

    /// {@return what of a range is lost as far as anybody knows}
    synchronized ByteRanges failedRanges(long from, long end) {
        return failed.within(from, end);
    }

    synchronized void checkInvariants() {
        for (ByteRanges ranges : new ByteRanges[] {unforced, forcing, failed, dirty, inFlight}) {
            ranges.checkInvariants();
        }
        if (dirty.byteSize() >= dirtyByteSize) {
            throw new AssertionError("I2: dirty=" + dirty + ", dirtyByteSize=" + dirtyByteSize);
        }
    }

    private void sync(boolean isWhole, long first, long last) {
        boolean isDone = false;
        try {
            if (isWhole) {
                files.sync(descriptor);
            } else if (first < last) {
                files.sync(descriptor, first, last - first);
            }
            isDone = true;
        } catch (SystemCallException e) {
            recordFailure(e);
            throw e;
        } finally {
            if (!isDone && isWhole) {
                restoreLengthChange();
            }
        }
    }

    private synchronized void restoreLengthChange() {
        isLengthChanged = true;
    }

    private synchronized void recordFailure(SystemCallException e) {
        failed.addAll(unforced);
        failed.addAll(forcing);
        unforced.clear();
        forcing.clear();
        lastFailure = e;
        failures++;
    }

    private void requireNotFailed(long from, long end) {
        SystemCallException cause = lastFailure;
        if (cause != null && !failed.within(from, end).isEmpty()) {
            throw cause;
        }
    }

    private long pageEnd(long end) {
        return end > Long.MAX_VALUE - pageByteSize ? Long.MAX_VALUE : (end + pageByteSize - 1) & -pageByteSize;
    }
}
