package io.leasehold.netty.file;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.LateFrees;
import io.leasehold.memory.StackReserve;
import io.leasehold.window.MappedFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The file of a [FileSource], and a count of its holds: one of the owner, and one of each content and window. The last
/// drop closes the file.
///
/// **Late drops.** Any thread may drop the last hold, also one whose stack is full. That thread could not drop the hold
/// again, so it is dropped when the next source is opened, used or closed. A file that cannot be closed, because the
/// kernel rejects a memory barrier or the Java heap is full, is closed then too.
///
/// **Threads.** Thread-safe.
final class HeldFile implements LateFrees.Late {

    /// Files and regions whose drop or release is made later.
    static final LateFrees LATE = new LateFrees();

    /// Layers that check the stack while a file is closed: this one, and three of the cache.
    static final int LAYERS = 4;

    /// Maximum number of channels that are kept for later regions. Opening a channel costs more than sending some
    /// pages.
    private static final int MAX_IDLE = 4;

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private volatile @Nullable MappedFile file; // (A) set once, before the source is returned
    private final AtomicInteger holds = new AtomicInteger(1); // (A)
    private final ArrayDeque<FileChannel> idle = new ArrayDeque<>(MAX_IDLE); // (L) itself; open, and in no region
    private int lateDrops; // (L) LATE
    private boolean isLate; // (L) LATE
    private LateFrees.@Nullable Late next; // (L) LATE

    /// Sets the file, which has one hold. Cannot fail, so that an open file is not lost.
    void set(MappedFile opened) {
        file = opened;
    }

    MappedFile file() {
        return Objects.requireNonNull(file, "file is not open yet");
    }

    /// Drops holds and closes files that could not be before.
    ///
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    static void dropLate() {
        try {
            LATE.free();
        } catch (IllegalStateException e) {
            // the kernel still rejects the barrier
        }
    }

    int holds() {
        return holds.get();
    }

    /// Adds a hold for a caller that has one already.
    void hold() {
        holds.incrementAndGet();
    }

    /// Adds a hold, unless the file is closed.
    ///
    /// @return true if the file is held
    boolean tryHold() {
        int seen = holds.get();
        while (seen > 0 && !holds.compareAndSet(seen, seen + 1)) {
            seen = holds.get();
        }
        return seen > 0;
    }

    /// Drops one hold. Dropping the last hold closes the file. If the stack is too short, this is done later.
    void drop() {
        boolean isLong = false;
        try {
            StackReserve.ensure(LAYERS);
            isLong = true;
            drop(1);
        } catch (IllegalStateException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot close file now: file=" + this, e);
        } catch (StackOverflowError e) {
            if (isLong) {
                throw e;
            }
            synchronized (LATE) { // the stack has no space for another call
                lateDrops++;
                if (!isLate) {
                    isLate = true;
                    next = LATE.first;
                    LATE.first = this;
                }
            }
        }
    }

    /// @throws IllegalStateException if the file cannot be closed now; it is closed later
    private void drop(int count) {
        if (holds.addAndGet(-count) > 0) {
            return;
        }
        boolean isClosed = false;
        try {
            closeIdle();
            file().close();
            isClosed = true;
        } catch (IOException e) {
            isClosed = true; // in spite of the failure, which a thread that drops a hold cannot handle
            LOG.log(System.Logger.Level.WARNING, "cannot close file: file=" + this, e);
        } finally {
            if (!isClosed) {
                closeLater();
            }
        }
    }

    private void closeLater() {
        synchronized (LATE) {
            if (!isLate) {
                isLate = true;
                next = LATE.first;
                LATE.first = this;
            }
        }
    }

    @Override
    public LateFrees.@Nullable Late takeNext() {
        LateFrees.Late taken = next;
        next = null;
        return taken;
    }

    @Override
    public void freeLate() {
        int count;
        synchronized (LATE) {
            count = lateDrops;
            lateDrops = 0;
            isLate = false;
        }
        drop(count);
    }

    private void closeIdle() {
        synchronized (idle) {
            while (!idle.isEmpty()) {
                close(idle.removeLast());
            }
        }
    }

    private void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot close file channel: file=" + this, e);
        }
    }

    /// {@return a channel of the file for one region}
    ///
    /// Regions do not share a channel, because an interrupt of the thread that sends one region would close it for all
    /// of them.
    ///
    /// @throws IOException if the system cannot open the file again
    FileChannel takeChannel() throws IOException {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.removeLast();
            }
        }
        return file().openChannel();
    }

    /// Keeps a channel for later regions, or closes it.
    void giveBack(FileChannel channel) {
        synchronized (idle) {
            if (channel.isOpen() && idle.size() < MAX_IDLE && holds.get() > 0) {
                idle.addLast(channel);
                return;
            }
        }
        close(channel);
    }

    @Override
    public String toString() {
        return format("HeldFile(%s, holds=%d)", file, holds.get());
    }
}
