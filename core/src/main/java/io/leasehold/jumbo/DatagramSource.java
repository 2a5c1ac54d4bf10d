package io.leasehold.jumbo;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Received;
import io.leasehold.os.UdpSocket;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Receives trains of datagrams into pages of a pool, one page a train, several in one call where the kernel can.
///
/// ```text
///   pool ---> armed: [ page | page | page | page ] ---> kernel fills the first ones ---> handler, one by one
///    ^                 ^                                                                   |          |
///    |                 +---------- left where it was: filled again, by the next call ------+          |
///    +---------------- taken: released by whoever has the handle by then, on any thread ---------------+
/// ```
///
/// **Nothing is lost in silence.** Without a page nothing is received: the datagrams stay in the socket, which is the
/// back-pressure, and [#starvedCount] counts. What a handler did not get to see because it threw is shown by the next
/// call. What does not fit its page is counted by the socket, [#truncatedCount].
///
/// It makes no garbage, in the native form.
///
/// **Ownership.** The source has up to `batch` pages, also between calls; [#disarm] and [#close] give them back. A page
/// that a handler takes is the taker's. Whoever opened the source closes it, before the pool is closed.
///
/// **Threads.** Confined to one thread at a time, but for [#port], [#local] and the counts. To stop a source whose
/// thread waits, another one closes the port; then the owner closes the source.
///
/// **Invariants.** I1: of `batch` places each has a page that is armed, or none; but for the one being handled.
///
/// @param <T> what pages are lent as
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
public final class DatagramSource<T> implements AutoCloseable {

    /// Answer of [#receive]: there may be datagrams, and there is no page for one.
    public static final int NO_PAGE = -1;

    /// Most trains in one call.
    public static final int MAX_BATCH = Received.MAX_CAPACITY;

    /// The largest train that a kernel delivers fits no smaller page.
    private static final int MAX_GRO_BYTES = 64 << 10;

    private final DatagramPort port; // (C)
    private final UdpSocket socket; // (C) of the port
    private final boolean ownsSocket; // (C)
    private final boolean hasGro; // (C)
    private final JumboPool<T> pool; // (C)
    private final Received received; // (C) its content (O)
    private final long[] handles; // (O) of the pages placed in it, NONE where there is none
    private final JumboDatagram<T> datagram; // (C) its content (O)
    private final AtomicLong starved = new AtomicLong(); // (A)
    private int next; // (O) first train that no handler has seen
    private int filled; // (O) trains in the pages, seen ones included
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
        this.hasGro = pool.pageByteSize() >= MAX_GRO_BYTES && socket.enableGro();
    }

    /// Opens a port and receives from it; [DatagramPort#newSource] receives from one that stays its owner's.
    ///
    /// The kernel is asked for trains only if the pages hold the largest, 64 KiB: into smaller ones it would put what
    /// fits and drop the rest. Taking no page before the first [#receive], this costs the pool nothing.
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @param pool whose pages are filled
    /// @param batch how many at most in one call, from 1 to [#MAX_BATCH]; 8 pages of 64 KiB stay in a cache
    /// @param <T> what pages are lent as
    /// @return the source, which closes its port
    /// @throws IllegalArgumentException if the batch is out of bounds or the address is not resolved
    /// @throws SystemCallException if the system refuses; nothing is left open then
    public static <T> DatagramSource<T> open(InetSocketAddress local, JumboPool<T> pool, int batch) {
        return open(Datagrams.system(), local, pool, batch);
    }

    /// Opens a port with socket options and receives from it. The rest is that of [#open(InetSocketAddress, JumboPool,
    /// int)].
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @param options what the port must do
    /// @param pool whose pages are filled
    /// @param batch how many at most in one call, from 1 to [#MAX_BATCH]
    /// @param <T> what pages are lent as
    /// @return the source, which closes its port
    /// @throws IllegalArgumentException if the batch is out of bounds or the address is not resolved
    /// @throws UnsupportedOperationException if an option is not available, see [DatagramPort#can]
    /// @throws SystemCallException if the system refuses; nothing is left open then
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

    /// Receives what is there, without waiting, and shows it to a handler, train by train, in the order it came.
    ///
    /// A handler that throws ends the call; its train was shown, the others are shown by the next call, which then does
    /// not ask the kernel. A handler may close the source or send, but not call this.
    ///
    /// @param handler reads a train, and takes its page or leaves it; a capturing lambda made for each call is garbage
    /// @param limit at most so many trains, from 1 to the batch
    /// @return how many were shown, 0 if none is there; or [#NO_PAGE]: the pool is exhausted and nothing was received,
    ///     so try again when a page came home: see [#awaitPage] and [JumboPool#whenFree]
    /// @throws IllegalArgumentException if the limit is out of bounds
    /// @throws IllegalStateException if the source or the socket is closed, or a handler calls this
    /// @throws JumboStateException if the pool is closed
    /// @throws SystemCallException if the system refuses, or a datagram sent before was answered by an error; no page
    ///     changes hands then
    public int receive(Consumer<? super JumboDatagram<T>> handler, int limit) {
        if (limit < 1 || limit > handles.length) {
            throw new IllegalArgumentException(
                    "limit is out of bounds: limit=" + limit + ", min=1, batch=" + handles.length);
        }
        requireIdle("receive");
        if (next == filled) {
            int ready = arm(limit);
            if (ready == 0) {
                starved.incrementAndGet();
                return NO_PAGE;
            }
            next = 0;
            filled = 0;
            filled = socket.receive(received, ready);
        }
        return show(handler, limit);
    }

    /// Gives the pages back that the source keeps for the next call, for who does not expect one soon. Trains that no
    /// handler has seen keep theirs.
    ///
    /// @return how many pages went
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

    /// Waits until there is something to receive; an error that waits to be thrown counts as such. What a handler has
    /// not seen does not count.
    ///
    /// @param timeoutNanos wait at most so long, at least 0; the portable form rounds up to milliseconds
    /// @return whether there is, as far as can be known
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system refuses
    public boolean awaitReadable(long timeoutNanos) {
        return socket.awaitReadable(timeoutNanos);
    }

    /// Waits until the pool has a page again, after [#NO_PAGE].
    ///
    /// @param timeoutNanos wait at most so long, at least 0
    /// @return whether there may be one
    /// @throws IllegalArgumentException if the time is negative
    /// @throws InterruptedException if the thread is interrupted before or while it waits
    /// @throws JumboStateException if the pool is closed, also while this waits
    public boolean awaitPage(long timeoutNanos) throws InterruptedException {
        return pool.awaitFree(timeoutNanos);
    }

    /// {@return a new sender on the same port, for one thread, that one or another}
    public DatagramSender newSender() {
        return port.newSender();
    }

    /// {@return the port, for its buffers, its peer and its end}
    public DatagramPort port() {
        return port;
    }

    /// {@return the address and port that the socket is bound to}
    public InetSocketAddress local() {
        return socket.local();
    }

    /// {@return whether the kernel was asked to deliver trains, and can}
    public boolean hasGro() {
        return hasGro;
    }

    /// {@return how many trains were received that did not fit their page}
    public long truncatedCount() {
        return socket.truncatedCount();
    }

    /// {@return how many calls received nothing since there was no page}
    public long starvedCount() {
        return starved.get();
    }

    /// Gives all pages back, also those of trains that no handler has seen, and closes the socket if it is the
    /// source's. Closing twice has no effect. A handler may do it; the page it handles goes when it returns.
    ///
    /// @throws SystemCallException if the system reports an error of the socket; everything is given back all the same
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
            if (ownsSocket) {
                socket.close();
            }
        }
    }

    @Override
    public String toString() {
        return "DatagramSource(batch=%d, hasGro=%b, starved=%s, isClosed=%b, socket=%s)"
                .formatted(handles.length, hasGro, starved, closed, socket);
    }

    /// Checks what must always hold, between calls.
    void checkInvariants() {
        for (long handle : handles) {
            if (handle != JumboPool.NONE
                    && JumboLayout.state(pool.require("check", handle).word()) != JumboState.ARMED) {
                throw new AssertionError("I1: handle=0x%x, %s".formatted(handle, this));
            }
        }
    }

    /// {@return how many of the first `limit` places have a page that is armed; fewer than all if there are no more}
    private int arm(int limit) {
        if (handles[0] != JumboPool.NONE) {
            // Of a pool that was closed by force the memory may be somebody else's by now: this throws then.
            pool.address(handles[0]);
        }
        for (int i = 0; i < limit; i++) {
            if (handles[i] == JumboPool.NONE && !fill(i)) {
                return i;
            }
        }
        return limit;
    }

    /// {@return whether an empty place has a page now: a new one, or if there is none, one of a later place}
    private boolean fill(int place) {
        long handle = pool.allocate();
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

    /// Puts a page that was not taken back to its place.
    private void keep(int place, long handle) {
        if (datagram.isTaken()) {
            return;
        }
        if (closed) {
            pool.release(handle);
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
        pool.release(handle);
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
