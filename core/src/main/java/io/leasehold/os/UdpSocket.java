package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.net.InetSocketAddress;

/// A UDP socket that never blocks except in [#awaitReadable] and [#awaitWritable].
///
/// ```text
///   awaitReadable ---> receive ---> 0: nothing there, wait again
///        ^                |
///        +----------------+-- n: that many trains are in the pages of the [Received]
/// ```
///
/// **Ownership.** Owned by who opened it, until [#close]. It keeps no page, [Received] or [Outgoing] after a call.
///
/// **Threads.** Thread-safe; each thread brings its own [Received] and [Outgoing]. Several threads that receive share
/// what arrives. A call that is under way when another thread closes the socket ends soon, and the descriptor is given
/// back by the last of them, so it is never used after it belongs to somebody else.
///
/// **Errors.** What the system refuses throws [SystemCallException]. An answer of the network to an earlier datagram,
/// such as ECONNREFUSED, comes only on a connected socket, and is thrown by the next call that sends or receives. After
/// [#close] every method but [#local], [#truncatedCount], [#splitCount] and [#close] throws [IllegalStateException].
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public interface UdpSocket extends AutoCloseable {

    /// Answer of [#send]: the send buffer is full, nothing was sent.
    int WOULD_BLOCK = -1;

    /// {@return the address and port that the socket was bound to when it was opened}
    InetSocketAddress local();

    /// Fixes the peer, once: only its datagrams are received from now on, and [Outgoing#toPeer] goes to it. Whether
    /// those that came from others before are still delivered depends on the form.
    ///
    /// @param peer address and port
    /// @throws IllegalArgumentException if it is not resolved, has port 0, or is IPv6 while the socket is IPv4
    /// @throws IllegalStateException if the socket is connected or closed
    /// @throws SystemCallException if the system refuses
    void connect(InetSocketAddress peer);

    /// Lets the kernel deliver trains: "If enabled, the socket may receive multiple datagrams worth of data as a single
    /// large buffer, together with a cmsg(3) that holds the segment size."
    ///
    /// Pages should then hold 64 KiB, or what does not fit is lost, see [Received#lostBytes].
    ///
    /// @return whether the kernel can
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses
    boolean enableGro();

    /// Asks for room for datagrams that nobody has received yet.
    ///
    /// @param byteSize the wanted size in bytes, at least 1
    /// @return the size in bytes that the system gives, which may be more or less; it also pays the kernel's own
    ///     headers from it
    /// @throws IllegalArgumentException if the size is not positive
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses
    int resizeReceiveBuffer(int byteSize);

    /// Asks for room for datagrams that have not left yet; otherwise like [#resizeReceiveBuffer].
    ///
    /// @param byteSize the wanted size in bytes, at least 1
    /// @return the size in bytes that the system gives
    /// @throws IllegalArgumentException if the size is not positive
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses
    int resizeSendBuffer(int byteSize);

    /// Receives what is there, one train into each of the first `count` pages of `into`, which forgets what it held.
    /// Does not wait, and allocates nothing in the native form.
    ///
    /// @param into where to; its first `count` pages must have been placed
    /// @param count at most so many trains, from 1 to the capacity of `into`
    /// @return how many trains were received, 0 if none is there
    /// @throws IllegalArgumentException if the count is out of bounds or a page is missing
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses; `into` then holds nothing
    int receive(Received into, int count);

    /// Sends a datagram, or a train of several that are cut from one range. Does not wait, and allocates nothing in the
    /// native form.
    ///
    /// Where the kernel cannot cut the train (no GSO, or not to that destination), it is sent one datagram a call. Then
    /// a full send buffer may end it early: the answer is what was sent, and the caller sends the rest later.
    ///
    /// @param message where to
    /// @param address of the first byte, at any alignment
    /// @param byteSize bytes of payload in all, from 0 to [Datagrams#MAX_PAYLOAD_BYTES]; 0 is an empty datagram
    /// @param segmentSize bytes of each datagram but the last, at least 1; at most [Datagrams#MAX_SEGMENTS] result
    /// @return bytes sent: all of them, or whole datagrams from the first on; or [#WOULD_BLOCK]
    /// @throws IllegalArgumentException if an argument is out of bounds, or the destination is IPv6 while the socket
    ///     is IPv4
    /// @throws IllegalStateException if the socket is closed, or is connected and the message has a destination, or is
    ///     not and it has none
    /// @throws SystemCallException if the system refuses; of a train that was sent one by one some may have gone by
    ///     then, [Outgoing#sentBytes] says how much
    int send(Outgoing message, long address, int byteSize, int segmentSize);

    /// Waits until there is something to receive. An error that waits to be thrown counts as such. Closing the socket
    /// ends the wait. Interrupting the thread does not, but in the portable form an interrupted thread does not wait.
    ///
    /// @param timeoutNanos wait at most so long, at least 0; the portable form rounds up to milliseconds
    /// @return whether there is, as far as can be known: another thread may take it
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system refuses
    boolean awaitReadable(long timeoutNanos);

    /// Waits until there is room to send; otherwise like [#awaitReadable].
    ///
    /// @param timeoutNanos wait at most so long, at least 0; the portable form rounds up to milliseconds
    /// @return whether there is
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system refuses
    boolean awaitWritable(long timeoutNanos);

    /// {@return how many trains were received that did not fit their page}
    long truncatedCount();

    /// {@return how many trains of several datagrams were sent one by one since the kernel could not cut them}
    long splitCount();

    /// Closes the socket, wakes those who wait in it, and does not wait for them. Closing twice is harmless.
    ///
    /// @throws SystemCallException if the system reports an error; the socket is closed all the same
    @Override
    void close();
}
