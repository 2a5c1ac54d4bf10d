package io.leasehold.datagram;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.JumboState;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Received;
import io.leasehold.os.UdpSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Receives datagram batches into pages of a pool, one page for each batch, several batches in one call where the
/// kernel supports it. A batch is what the kernel delivers at once (GRO), or a single datagram.
///
/// ```text
///   pool ---> armed: [ page | page | page | page ] ---> kernel fills the first ones ---> handler, one by one
///    ^                 ^                                                                   |          |
///    |                 +---------- not taken: filled again, by the next call --------------+          |
///    +---------------- taken: released by the owner of the handle, on any thread ---------------------+
/// ```
///
/// **Nothing is lost without a count.** Without a page nothing is received. The datagrams stay in the socket, which is
/// the back-pressure, and [#noPageCount] counts the calls. Batches that a handler did not get because it threw are
/// passed by the next call. The socket counts datagrams that do not fit their page, [#truncatedCount].
///
/// The native form creates no garbage.
///
/// **Ownership.** The source has up to `batch` pages, also between calls; [#disarm] and [#close] release them. A page
/// that a handler takes belongs to the handler. The caller that opened the source closes it, before the pool is closed.
///
/// **Threads.** Confined to one thread at a time, except [#port], [#local] and the counts. To stop a source whose
/// thread waits, another thread closes the port. Then the owner closes the source.
///
/// **Invariants.** I1: each of the `batch` places has an armed page or none, except the place whose handler runs.
///
/// @param <T> the type of the object that stands for a page
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
public final class DatagramSource<T> implements AutoCloseable {

    /// Result of [#receive]: there may be datagrams, but the pool has no page for them.
    public static final int NO_PAGE = -1;

    /// Maximum number of pages that one call fills.
    public static final int MAX_BATCH = Received.MAX_CAPACITY;

    private final DatagramPort port; // (C)
    private final UdpSocket socket; // (C) of the port
    private final boolean ownsSocket; // (C)
    private final boolean hasGro; // (C)
    private final JumboPool<T> pool; // (C)
    private final Received received; // (C) its content (O)
    private final long[] handles; // (O) of the pages in `received`, NONE if a place has no page
    private final JumboDatagram<T> datagram; // (C) its content (O)
    private final AtomicLong callsWithoutPage = new AtomicLong(); // (A)
    private int next; // (O) index of the first batch that was not passed to a handler
    private int filled; // (O) number of received batches, including those that were passed
    private boolean closed; // (O)

    DatagramSource(DatagramPort port, boolean ownsSocket, JumboPool<T> pool, int batch) {
        this.port = port;
        this.socket = port.socket();
        this.ownsSocket = ownsSocket;
        this.pool = pool;
        this.received = new Received(batch);
        this.datagram = new JumboDatagram<>(pool, received);
        this.handles = new long[batch];
        Arrays.fill(handles, JumboPool.NONE);
        this.hasGro = port.addSource(pool.pageByteSize()); // last: a source that cannot be created is not counted
    }

    /// Opens a port and receives from it. [DatagramPort#newSource] receives from a port that stays with its owner.
    ///
    /// The kernel is asked for GRO batches only if the pages have at least 64 KiB. It would fill smaller pages and drop
    /// the rest of a batch. The source allocates no page before the first [#receive].
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @param pool the pool whose pages are filled
    /// @param batch maximum number of pages that one call fills, from 1 to [#MAX_BATCH]; 8 pages of 64 KiB stay in a
    ///     cache
    /// @param <T> the type of the object that stands for a page
    /// @return the source, which closes its port
    /// @throws IllegalArgumentException if `batch` is out of range or the address is not resolved
    /// @throws SystemCallException if the system call fails; nothing is left open then
    public static <T> DatagramSource<T> open(InetSocketAddress local, JumboPool<T> pool, int batch) {
        return open(Datagrams.system(), local, pool, batch);
    }

    /// Opens a port with socket options and receives from it, as [#open(InetSocketAddress, JumboPool, int)] does.
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @param options required features
    /// @param pool the pool whose pages are filled
    /// @param batch maximum number of pages that one call fills, from 1 to [#MAX_BATCH]
    /// @param <T> the type of the object that stands for a page
    /// @return the source, which closes its port
    /// @throws IllegalArgumentException if `batch` is out of range or the address is not resolved
    /// @throws UnsupportedOperationException if a required option is not available, see [DatagramPort#can]
    /// @throws SystemCallException if the system call fails; nothing is left open then
    public static <T> DatagramSource<T> open(
            InetSocketAddress local, DatagramPortOptions options, JumboPool<T> pool, int batch) {
        return open(Datagrams.system(), local, options, pool, batch);
    }

    static <T> DatagramSource<T> open(Datagrams datagrams, InetSocketAddress local, JumboPool<T> pool, int batch) {
        return open(datagrams, local, DatagramPortOptions.defaults(), pool, batch);
    }

    private static <T> DatagramSource<T> open(
            Datagrams datagrams, InetSocketAddress local, DatagramPortOptions options, JumboPool<T> pool, int batch) {
        UdpSocket socket = datagrams.open(local, options.toUdpOptions());
        DatagramSource<T> opened = null;
        try {
            opened = new DatagramSource<>(new DatagramPort(socket), true, pool, batch);
            return opened;
        } finally {
            if (opened == null) {
                socket.close();
            }
        }
    }

    /// Receives the datagram batches that are in the socket, without waiting, and passes them to a handler in the order
    /// in which they came.
    ///
    /// If a handler throws, the call ends. The batch of that handler counts as passed, and the next call passes the
    /// other batches without a call of the kernel. A handler may close the source or send, but may not call this
    /// method.
    ///
    /// @param handler reads a batch, and takes its page or leaves it; a capturing lambda that is created for each call
    ///     is garbage
    /// @param limit maximum number of batches, from 1 to the number of pages of this source
    /// @return number of batches that were passed, 0 if there is none; or [#NO_PAGE] if the pool is exhausted and
    ///     nothing was received: try again when a page is free, see [#awaitPage] and [JumboPool#whenFree]
    /// @throws IllegalArgumentException if `limit` is out of range
    /// @throws IllegalStateException if the source or the socket is closed, or a handler calls this
    /// @throws io.leasehold.jumbo.JumboStateException if the pool is closed
    /// @throws SystemCallException if the system call fails, or an earlier datagram was answered by an error; no page
    ///     changes its owner then
    public int receive(Consumer<? super JumboDatagram<T>> handler, int limit) {
        if (limit < 1 || limit > handles.length) {
            throw new IllegalArgumentException(
                    "limit is out of bounds: limit=" + limit + ", min=1, max=" + handles.length);
        }
        Objects.requireNonNull(handler, "handler is null"); // before datagrams are received, which would be lost
        requireIdle("receive");
        if (next == filled) {
            int ready = arm(limit);
            if (ready == 0) {
                callsWithoutPage.incrementAndGet();
                return NO_PAGE;
            }
            next = 0;
            filled = 0;
            filled = socket.receive(received, ready);
        }
        return show(handler, limit);
    }

    /// Releases the pages that the source keeps for the next call. Useful if no call is expected soon. Batches that
    /// were not passed to a handler keep their pages.
    ///
    /// @return number of pages that were released
    /// @throws IllegalStateException if the source is closed, or a handler calls this
    public int disarm() {
        requireIdle("disarm");
        int given = 0;
        for (int i = 0; i < handles.length; i++) {
            boolean isUnseen = i >= next && i < filled;
            if (!isUnseen && giveBack(i)) {
                given++;
            }
        }
        return given;
    }

    /// Waits until the socket has a datagram or a pending error. Batches that were received and not passed yet do not
    /// count. An interrupt of the thread does not end the wait.
    ///
    /// @param timeout maximum time to wait, not negative; the portable form rounds up to milliseconds
    /// @return true if there may be something to receive
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system call fails
    public boolean awaitReadable(Duration timeout) {
        return socket.awaitReadable(TimeUnit.NANOSECONDS.convert(timeout));
    }

    /// Waits until the pool has a free page, after [#NO_PAGE].
    ///
    /// @param timeout maximum time to wait, not negative
    /// @return true if a page may be available
    /// @throws IllegalArgumentException if the time is negative
    /// @throws InterruptedException if the thread is interrupted before or while it waits
    /// @throws io.leasehold.jumbo.JumboStateException if the pool is closed, also while this waits
    public boolean awaitPage(Duration timeout) throws InterruptedException {
        return pool.awaitFree(timeout);
    }

    /// {@return a new sender on the same port, to be used by one thread, which may be another one}
    public DatagramSender newSender() {
        return port.newSender();
    }

    /// {@return the port, for its buffers, its peer and closing it}
    public DatagramPort port() {
        return port;
    }

    /// {@return the address and port that the socket is bound to}
    public InetSocketAddress local() {
        return socket.local();
    }

    /// {@return true if the kernel delivers GRO batches to this source}
    public boolean hasGro() {
        return hasGro;
    }

    /// {@return the number of batches that did not fit their page, for all sources of the port}
    public long truncatedCount() {
        return socket.truncatedCount();
    }

    /// {@return the number of calls that received nothing because the pool had no page}
    public long noPageCount() {
        return callsWithoutPage.get();
    }

    /// Releases all pages, including those of batches that were not passed to a handler, and closes the socket if the
    /// source owns it. Closing twice has no effect. A handler may close the source; the page of the handler is released
    /// when the handler returns, unless it was taken.
    ///
    /// @throws SystemCallException if the system reports an error of the socket; all pages are released anyway
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            for (int i = 0; i < handles.length; i++) {
                giveBack(i);
            }
        } finally {
            port.removeSource(pool.pageByteSize());
            if (ownsSocket) {
                port.close();
            }
        }
    }

    @Override
    public String toString() {
        return format(
                "DatagramSource(batch=%d, hasGro=%b, callsWithoutPage=%s, isClosed=%b, socket=%s)",
                handles.length, hasGro, callsWithoutPage, closed, socket);
    }

    /// Checks the invariants, between calls.
    void checkInvariants() {
        for (long handle : handles) {
            if (handle != JumboPool.NONE && pool.state(handle) != JumboState.ARMED) {
                throw new AssertionError(format("I1: handle=0x%x, %s", handle, this));
            }
        }
    }

    /// {@return the number of the first `limit` places that have an armed page; less than `limit` if no more pages are
    /// available}
    private int arm(int limit) {
        if (handles[0] != JumboPool.NONE) {
            // If the pool was closed by force, the memory may belong to another owner. This call throws then.
            pool.address(handles[0]);
        }
        for (int i = 0; i < limit; i++) {
            if (handles[i] == JumboPool.NONE && !fill(i)) {
                return i;
            }
        }
        return limit;
    }

    /// Puts an armed page into an empty place: a new page, or if none is available, the page of a later place.
    ///
    /// @return true if the place has a page
    private boolean fill(int place) {
        long handle = pool.tryAllocate();
        if (handle != JumboPool.NONE) {
            pool.arm(handle);
        } else {
            int last = handles.length - 1;
            while (last > place && handles[last] == JumboPool.NONE) {
                last--;
            }
            handle = handles[last];
            handles[last] = JumboPool.NONE;
            if (handle == JumboPool.NONE) {
                return false;
            }
        }
        handles[place] = handle;
        received.place(place, pool.address(handle), pool.pageByteSize());
        return true;
    }

    private int show(Consumer<? super JumboDatagram<T>> handler, int limit) {
        int shown = 0;
        while (!closed && next < filled && shown < limit) {
            int place = next++;
            long handle = handles[place];
            pool.receive(handle);
            handles[place] = JumboPool.NONE;
            shown++;
            datagram.show(place, handle);
            try {
                handler.accept(datagram);
            } finally {
                datagram.hide();
                keep(place, handle);
            }
        }
        return shown;
    }

    /// Puts a page that was not taken back into its place.
    private void keep(int place, long handle) {
        if (datagram.isTaken()) {
            return;
        }
        if (closed) {
            pool.free(handle);
            return;
        }
        pool.arm(handle);
        handles[place] = handle;
    }

    private boolean giveBack(int place) {
        long handle = handles[place];
        if (handle == JumboPool.NONE) {
            return false;
        }
        handles[place] = JumboPool.NONE;
        pool.receive(handle);
        pool.free(handle);
        return true;
    }

    private void requireIdle(String what) {
        if (closed) {
            throw new IllegalStateException("source is closed: " + this);
        }
        if (datagram.isShown()) {
            throw new IllegalStateException("cannot " + what + " while a datagram is handled: " + datagram);
        }
    }
}
