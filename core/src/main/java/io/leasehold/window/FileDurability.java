package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.Files;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Tracks the pages of a file that a power failure may still lose: pages written since the last force, and pages whose
/// write-back has failed.
///
/// ```text
///                  force: the unforced part of the range, in one call  success
///   written ---> unforced -----------------------------> forcing ---------------> durable
///      ^            |   any failure of the disk takes both   |
///      |            +------------------> failed <------------+
///      +--- written again, to the byte ----+
///
///   written ---> dirty --- at the limit: start write-back ---> in flight --- wait, at the next start ---> written back
/// ```
///
/// **A failure affects all data that was not forced.** After a failed write the kernel treats the page as clean. It
/// reports the error once, at the next call that waits for the disk, whatever the range of that call. So after any such
/// error, all data that was not forced counts as failed until it is written again. To force the data a second time
/// would succeed and mean nothing. A write that began before the failure does not count as written again. A change of
/// the length is different: the file system keeps it, or stops altogether.
///
/// **An error of the JVM counts as a failure of the disk.** With a full Java heap the exception of a failed call cannot
/// be made, and an [OutOfMemoryError] is thrown in its place. The kernel has reported the failure then, and does not
/// repeat it. [#lostReport] stands for such a report.
///
/// **One call forces from the first dirty page of a range to the last.** The kernel finds the dirty pages without a
/// look at the others. So one call with one flush of the disk forces exactly the dirty pages.
///
/// **Threads.** Thread-safe. One thread at a time forces, and the next one waits for it, since it may need data that is
/// being forced. [#writeBackIfMuch] is called by the writer of the file.
///
/// **Lock order.** `force`, then `this`.
///
/// **Invariants.** I1: each change by a finished write is in `unforced`, `forcing` or `failed`, or durable. I2: `dirty`
/// has fewer bytes than `dirtyByteSize`, unless a write is in progress.
final class FileDurability {

    /// Maximum number of ranges in a set: enough to keep scattered writes apart, and few enough that a search costs
    /// nothing beside a system call.
    private static final int MOST_RANGES = 256;

    private final Files files; // (C)
    private final int descriptor; // (C)
    private final long pageByteSize; // (C)
    private final long dirtyByteSize; // (C) limit of `dirty`
    private final SystemCallException lostReport; // (C)
    private final ReentrantLock force = new ReentrantLock(); // held while a thread waits for the disk
    private final ByteRanges unforced = new ByteRanges(MOST_RANGES); // (L) this, as all fields below
    private final ByteRanges forcing = new ByteRanges(MOST_RANGES); // (L)
    private final ByteRanges failed = new ByteRanges(MOST_RANGES); // (L)
    private final ByteRanges dirty = new ByteRanges(MOST_RANGES); // (L)
    private final ByteRanges inFlight = new ByteRanges(1); // (L)
    private boolean isLengthChanged; // (L) since the last force of the whole file
    private @Nullable SystemCallException lastFailure; // (L)
    private int failures; // (L) number of failures so far

    /// Creates the state of a file of which all data is durable.
    ///
    /// @param lostReport failure to record if an error of the JVM hides the report of the disk
    FileDurability(Files files, int descriptor, long pageByteSize, long dirtyByteSize, SystemCallException lostReport) {
        this.files = files;
        this.descriptor = descriptor;
        this.pageByteSize = pageByteSize;
        this.dirtyByteSize = dirtyByteSize;
        this.lostReport = lostReport;
    }

    /// Records that a range is about to be written, or lent for writing.
    ///
    /// @return number of failures so far, the argument for [#written] and [#stored]
    synchronized int writing(long from, long end) {
        unforced.add(from & -pageByteSize, pageEnd(end));
        return failures;
    }

    /// Records that every byte of a range was written.
    synchronized void written(long from, long end, int failuresBefore) {
        failed.remove(from, end);
        stored(from, end, failuresBefore);
    }

    /// Records that bytes of a range may have been changed; it is not known which.
    synchronized void stored(long from, long end, int failuresBefore) {
        dirty.add(from & -pageByteSize, pageEnd(end));
        (failuresBefore == failures ? unforced : failed).add(from & -pageByteSize, pageEnd(end));
    }

    /// Records growth over a hole. The hole has no page that could be forced for it.
    synchronized void grownOverHole() {
        isLengthChanged = true;
    }

    /// Records a change of the length other than by writing: nothing is left behind the new end, and the kernel has
    /// zeroed the rest of the last page.
    synchronized void resized(long byteSize) {
        isLengthChanged = true;
        unforced.remove(pageEnd(byteSize), Long.MAX_VALUE);
        forcing.remove(pageEnd(byteSize), Long.MAX_VALUE);
        dirty.remove(pageEnd(byteSize), Long.MAX_VALUE);
        failed.remove(byteSize, Long.MAX_VALUE);
        unforced.add(byteSize & -pageByteSize, pageEnd(byteSize));
    }

    /// Starts write-back if the dirty bytes reach the limit, and waits for the previous write-back. So dirty bytes and
    /// bytes in flight stay bounded (see [WindowCacheOptions#dirtyByteSize]). A failure is reported by [#force].
    void writeBackIfMuch() {
        long from;
        long end;
        long previousFrom = 0;
        long previousEnd = 0;
        synchronized (this) {
            if (dirty.byteSize() < dirtyByteSize) {
                return;
            }
            StackReserve.ensure(2); // as for a force
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
        SystemCallException failure = lostReport;
        try {
            files.writeBack(descriptor, from, end - from);
            if (previousFrom < previousEnd) {
                files.writeBack(descriptor, previousFrom, previousEnd - previousFrom);
            }
            failure = null;
        } catch (SystemCallException e) {
            failure = e;
        } finally {
            if (failure != null) {
                recordFailure(failure, false);
            }
        }
    }

    /// Makes a range durable. If nothing in it was written since the last force, no system call is made.
    ///
    /// @param from start of the range
    /// @param end end of the range
    /// @param fileByteSize end of the file: a failed page counts only up to this end
    /// @throws SystemCallException if the disk reports a failure, or reported one for a part of the range that was not
    ///     written again
    void force(long from, long end, long fileByteSize) {
        StackReserve.ensure(2); // an overflow after the system call would lose the report of a failure
        force.lock();
        try {
            boolean isWhole;
            long first = 0;
            long last = 0;
            synchronized (this) {
                requireNotFailed(from, Math.min(end, fileByteSize));
                isWhole = isLengthChanged;
                ByteRanges due = isWhole ? unforced : unforced.within(from & -pageByteSize, pageEnd(end));
                if (!due.isEmpty()) {
                    first = due.start();
                    last = due.end();
                    forcing.addAll(due);
                    unforced.remove(first, last);
                    dirty.remove(first, last);
                }
                isLengthChanged = false;
            }
            sync(isWhole, first, last);
            synchronized (this) {
                forcing.clear();
                // write-back may have failed meanwhile
                requireNotFailed(from, Math.min(end, fileByteSize));
            }
        } finally {
            force.unlock();
        }
    }

    /// {@return the parts of a range that count as failed}
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
        SystemCallException failure = lostReport;
        try {
            if (isWhole) {
                files.sync(descriptor);
            } else if (first < last) {
                files.sync(descriptor, first, last - first);
            }
            failure = null;
        } catch (SystemCallException e) {
            failure = e;
            throw e;
        } finally {
            if (failure != null) {
                recordFailure(failure, isWhole);
            }
        }
    }

    /// Records a failure: all data that was not forced counts as failed.
    ///
    /// @param isWhole true if the whole file was forced, so that the next force has to do that again
    private synchronized void recordFailure(SystemCallException e, boolean isWhole) {
        isLengthChanged |= isWhole;
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
