package io.leasehold.datagram;

import io.leasehold.error.SystemCallException;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Datagrams.Capability;
import io.leasehold.os.UdpSocket;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;

/// A UDP port of this machine. Sources receive from it and senders send on it.
///
/// {@snippet class="io.leasehold.snippets.DatagramsExample" region="datagrams"}
///
/// **Ownership.** The caller that opened the port closes it. The port does not own its sources and senders. They own
/// their pages.
///
/// **Threads.** Thread-safe. Closing the port ends all waits on it.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public final class DatagramPort implements AutoCloseable {

    /// The largest GRO batch that a kernel delivers. A smaller page could not hold it.
    private static final int MAX_GRO_BYTES = 64 << 10;

    private final UdpSocket socket; // (C)
    private boolean hasGro; // (L) this; for good, because batches may still be in the socket
    private int sourcesWithSmallPages; // (L) this
    private volatile boolean closed; // (A)

    DatagramPort(UdpSocket socket) {
        this.socket = socket;
    }

    /// Opens a port with the default options.
    ///
    /// On the wildcard address, an answer is sent from the address that the question came to, if the system supports
    /// that.
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @return the port
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws SystemCallException if the system call fails; nothing is left open then
    public static DatagramPort open(InetSocketAddress local) {
        return open(local, DatagramPortOptions.defaults());
    }

    /// Opens a port with socket options.
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @param options required features; [#can] reports beforehand what the system has
    /// @return the port
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws UnsupportedOperationException if a required option is not available; the message names the option and
    ///     the reason. Nothing is left open then
    /// @throws SystemCallException if the system call fails. For an option the message has its name, its value and the
    ///     error number. EADDRINUSE says that another socket has the address, and one of both was opened without
    ///     [DatagramPortOptions#reusePort]. Nothing is left open then
    public static DatagramPort open(InetSocketAddress local, DatagramPortOptions options) {
        return new DatagramPort(Datagrams.system().open(local, options.toUdpOptions()));
    }

    /// {@return true if ports of this process have a feature}
    ///
    /// @param feature the feature
    public static boolean can(DatagramFeature feature) {
        return Datagrams.system().can(feature.capability());
    }

    /// Sets the peer, once. Afterwards only datagrams of the peer are received, and senders need no other destination.
    /// Datagrams that came before and were not received yet are discarded, also those of the peer.
    ///
    /// @param peer address and port
    /// @return this
    /// @throws IllegalArgumentException if the address is not resolved, has port 0, or is IPv6 while the port is IPv4
    /// @throws IllegalStateException if there is a peer already, or the port is closed
    /// @throws SystemCallException if the system call fails
    public DatagramPort connect(InetSocketAddress peer) {
        socket.connect(peer);
        return this;
    }

    /// Sets the size of a socket buffer in the kernel, for datagrams that are not received or not sent yet.
    ///
    /// @param buffer [StandardSocketOptions#SO_RCVBUF] or [StandardSocketOptions#SO_SNDBUF]
    /// @param byteSize size in bytes, at least 1
    /// @return the size in bytes that the system chose; it may be larger or smaller, and includes the headers of the
    ///     kernel
    /// @throws IllegalArgumentException if the size is not positive, or the option is another one
    /// @throws IllegalStateException if the port is closed
    /// @throws SystemCallException if the system call fails
    public int resize(SocketOption<Integer> buffer, int byteSize) {
        if (buffer.equals(StandardSocketOptions.SO_RCVBUF)) {
            return socket.resizeReceiveBuffer(byteSize);
        }
        if (buffer.equals(StandardSocketOptions.SO_SNDBUF)) {
            return socket.resizeSendBuffer(byteSize);
        }
        throw new IllegalArgumentException("option is not a buffer: option=" + buffer
                + "; use SO_RCVBUF or SO_SNDBUF, and open the port with other options by DatagramPortOptions");
    }

    /// {@return a source that receives from this port and does not close it}
    ///
    /// All sources of a port receive from one socket, with GRO batches or without. If the system supports GRO batches,
    /// a new source with pages of at least 64 KiB enables them, unless a source with smaller pages is open. They stay
    /// enabled.
    ///
    /// @param pool the pool whose pages are filled
    /// @param batch maximum number of pages that one call fills, from 1 to [DatagramSource#MAX_BATCH]
    /// @param <T> the type of the object that stands for a page
    /// @throws IllegalArgumentException if `batch` is out of range
    /// @throws IllegalStateException if the port is closed, or it receives GRO batches and the pages of the pool have
    ///     less than 64 KiB
    /// @throws SystemCallException if the system call fails
    public <T> DatagramSource<T> newSource(JumboPool<T> pool, int batch) {
        return new DatagramSource<>(this, false, pool, batch);
    }

    /// {@return a sender on this port; it sends to the peer if there is one, until another destination is set}
    public DatagramSender newSender() {
        return new DatagramSender(socket);
    }

    /// {@return the address and port that this port is bound to}
    public InetSocketAddress local() {
        return socket.local();
    }

    /// {@return true if the kernel can segment datagram batches (UDP_SEGMENT); a route may still not allow it}
    public static boolean hasGso() {
        return Datagrams.system().can(Capability.GSO);
    }

    /// {@return the number of datagram batches that were sent one datagram at a time, because the kernel did not
    /// segment them}
    public long splitCount() {
        return socket.splitCount();
    }

    /// Closes the port and ends all waits on it. Closing twice has no effect.
    ///
    /// @throws SystemCallException if the system reports an error; the port is closed anyway
    @Override
    public void close() {
        closed = true;
        socket.close();
    }

    /// Adds a source.
    ///
    /// @param pageByteSize size of its pages in bytes
    /// @return true if it receives GRO batches
    /// @throws IllegalStateException if the port is closed
    synchronized boolean addSource(int pageByteSize) {
        if (closed) {
            throw new IllegalStateException("port is closed: local=" + local());
        }
        if (pageByteSize >= MAX_GRO_BYTES) {
            boolean isEnabled = (hasGro || sourcesWithSmallPages == 0) && socket.enableGro();
            hasGro |= isEnabled;
            return isEnabled;
        }
        if (hasGro) {
            throw new IllegalStateException("port receives GRO batches, which do not fit the pages: pageByteSize="
                    + pageByteSize + ", min=" + MAX_GRO_BYTES + ", local=" + local() + "; open another port");
        }
        sourcesWithSmallPages++;
        return false;
    }

    /// Removes a source that was added with the same size.
    synchronized void removeSource(int pageByteSize) {
        if (pageByteSize < MAX_GRO_BYTES) {
            sourcesWithSmallPages--;
        }
    }

    UdpSocket socket() {
        return socket;
    }

    @Override
    public String toString() {
        return "DatagramPort(" + socket + ")";
    }
}
