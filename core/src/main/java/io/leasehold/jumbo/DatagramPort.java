package io.leasehold.jumbo;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Datagrams.Capability;
import io.leasehold.os.UdpSocket;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;

/// A UDP port of this machine, from which several sources receive, and on which several senders send.
///
/// {@snippet class="io.leasehold.snippets.TrainsExample" region="trains"}
///
/// **Ownership.** Whoever opened it closes it. Sources and senders on it are their own; theirs are the pages.
///
/// **Threads.** Thread-safe. Closing it ends the waits of all who use it.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public final class DatagramPort implements AutoCloseable {

    private final UdpSocket socket; // (C)

    DatagramPort(UdpSocket socket) {
        this.socket = socket;
    }

    /// Opens a port that asks the system for nothing special.
    ///
    /// On the wildcard an answer leaves from the address that the question came to, where the system can.
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @return the port
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws SystemCallException if the system refuses; nothing is left open then
    public static DatagramPort open(InetSocketAddress local) {
        return open(local, DatagramPortOptions.defaults());
    }

    /// Opens a port with socket options.
    ///
    /// @param local address and port of this machine; port 0 lets the system choose
    /// @param options what the port must do; [#can] tells beforehand what the system can
    /// @return the port
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws UnsupportedOperationException if ports of this process lack an option that is asked for; the message
    ///     names it and the reason. Nothing is left open then
    /// @throws SystemCallException if the system refuses; of an option the message has name, value and error number,
    ///     and EADDRINUSE says that another socket has the address and one of both did not ask for
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

    /// Fixes the peer, once: only its datagrams are received from now on, and senders need no other destination.
    ///
    /// @param peer address and port
    /// @return this
    /// @throws IllegalArgumentException if it is not resolved, has port 0, or is IPv6 while the port is IPv4
    /// @throws IllegalStateException if there is a peer, or this is closed
    /// @throws SystemCallException if the system refuses
    public DatagramPort connect(InetSocketAddress peer) {
        socket.connect(peer);
        return this;
    }

    /// Asks for room in the kernel for what is not received, or has not left, yet.
    ///
    /// @param buffer [StandardSocketOptions#SO_RCVBUF] or [StandardSocketOptions#SO_SNDBUF]
    /// @param byteSize how much, at least 1
    /// @return the bytes that the system gives, which may be more or fewer, and from which it pays its own headers
    /// @throws IllegalArgumentException if the size is not positive, or it is another option
    /// @throws IllegalStateException if this is closed
    /// @throws SystemCallException if the system refuses
    public int resize(SocketOption<Integer> buffer, int byteSize) {
        if (buffer.equals(StandardSocketOptions.SO_RCVBUF)) {
            return socket.resizeReceiveBuffer(byteSize);
        }
        if (buffer.equals(StandardSocketOptions.SO_SNDBUF)) {
            return socket.resizeSendBuffer(byteSize);
        }
        throw new IllegalArgumentException("not a buffer: option=" + buffer
                + ", one of SO_RCVBUF, SO_SNDBUF; a port is opened with its other options, see DatagramPortOptions");
    }

    /// {@return a source that receives from here, as [DatagramSource#open] has it, and does not close this}
    ///
    /// @param pool whose pages are filled
    /// @param batch how many at most in one call, from 1 to [DatagramSource#MAX_BATCH]
    /// @param <T> what pages are lent as
    /// @throws IllegalArgumentException if the batch is out of bounds
    /// @throws IllegalStateException if this is closed
    /// @throws SystemCallException if the system refuses
    public <T> DatagramSource<T> newSource(JumboPool<T> pool, int batch) {
        return new DatagramSource<>(this, false, pool, batch);
    }

    /// {@return a sender from here, to the peer if there is one, until it is told another destination}
    public DatagramSender newSender() {
        return new DatagramSender(socket);
    }

    /// {@return the address and port that this is bound to}
    public InetSocketAddress local() {
        return socket.local();
    }

    /// {@return whether the kernel cuts trains that are sent (UDP_SEGMENT), where the way to the peer allows it}
    public static boolean hasGso() {
        return Datagrams.system().can(Capability.GSO);
    }

    /// {@return how many trains were sent datagram by datagram since the kernel did not cut them}
    public long splitCount() {
        return socket.splitCount();
    }

    /// Closes the port, and wakes those who wait at it. Closing twice has no effect.
    ///
    /// @throws SystemCallException if the system reports an error; the port is closed all the same
    @Override
    public void close() {
        socket.close();
    }

    UdpSocket socket() {
        return socket;
    }

    @Override
    public String toString() {
        return "DatagramPort(" + socket + ")";
    }
}
