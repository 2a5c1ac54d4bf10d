package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.net.InetSocketAddress;

/// A UDP socket that never blocks except in [#awaitReadable] and [#awaitWritable].
///
/// ```text
///   awaitReadable ---> receive ---> 0: nothing received, wait again
///        ^                |
///        +----------------+-- n: n batches are in the pages of the [Received]
/// ```
///
/// **Ownership.** The caller that opened the socket owns it until [#close]. The socket keeps no reference to a page,
/// [Received] or [Outgoing] after a call.
///
/// **Threads.** Thread-safe. Each thread uses its own [Received] and [Outgoing]. If several threads receive, each
/// datagram goes to one of them. If a thread closes the socket, the calls of other threads that are in progress end
/// soon. The last of them closes the descriptor, so a descriptor is never used after the kernel gave its number to
/// another file.
///
/// **Errors.** If the system refuses a call, [SystemCallException] is thrown. The network can answer an earlier
/// datagram with an error such as ECONNREFUSED. Only a connected socket receives such an error, and the next call that
/// sends or receives throws it. After [#close] every method except [#local], [#truncatedCount], [#splitCount] and
/// [#close] throws [IllegalStateException].
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public interface UdpSocket extends AutoCloseable {

    /// Result of [#send] if the send buffer is full and nothing was sent.
    int WOULD_BLOCK = -1;

    /// {@return the address and port that the socket was bound to when it was opened}
    InetSocketAddress local();

    /// Connects the socket to a peer. A socket can be connected only once.
    ///
    /// Only datagrams of the peer are received afterwards, and [Outgoing#toPeer] sends to it. Datagrams that were
    /// received before are discarded, also those of the peer.
    ///
    /// @param peer address and port of the peer
    /// @throws IllegalArgumentException if the address is not resolved, has port 0, or is IPv6 while the socket is IPv4
    /// @throws IllegalStateException if the socket is connected or closed
    /// @throws SystemCallException if the system refuses
    void connect(InetSocketAddress peer);

    /// Enables GRO batches: "If enabled, the socket may receive multiple datagrams worth of data as a single large
    /// buffer, together with a cmsg(3) that holds the segment size."
    ///
    /// Pages should then have 64 KiB. Bytes that do not fit a page are dropped, see [Received#lostBytes].
    ///
    /// @return true if the kernel can do this
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses
    boolean enableGro();

    /// Requests a size for the receive buffer, which holds datagrams until they are received.
    ///
    /// @param byteSize requested size in bytes, at least 1
    /// @return the actual size in bytes, which may be more or less. The kernel also stores its own headers in it
    /// @throws IllegalArgumentException if the size is not positive
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses
    int resizeReceiveBuffer(int byteSize);

    /// Requests a size for the send buffer, which holds datagrams until they are sent; see [#resizeReceiveBuffer].
    ///
    /// @param byteSize requested size in bytes, at least 1
    /// @return the actual size in bytes
    /// @throws IllegalArgumentException if the size is not positive
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses
    int resizeSendBuffer(int byteSize);

    /// Receives available datagrams, one batch into each of the first `count` pages of `into`. The previous results in
    /// `into` are discarded. Does not wait. The native form allocates nothing.
    ///
    /// @param into pages and results; its first `count` pages must have been placed
    /// @param count maximum number of batches, from 1 to the capacity of `into`
    /// @return the number of batches received, 0 if no datagram is available
    /// @throws IllegalArgumentException if the count is out of bounds or a page is missing
    /// @throws IllegalStateException if the socket is closed
    /// @throws SystemCallException if the system refuses; `into` then holds no results
    int receive(Received into, int count);

    /// Sends a datagram, or a GSO batch of several datagrams from one range of memory. Does not wait. The native form
    /// allocates nothing.
    ///
    /// If the kernel cannot split the batch (no GSO, or not for that destination), each datagram takes one call. A full
    /// send buffer may then end the batch early: the result is the number of bytes sent, and the caller sends the rest
    /// later.
    ///
    /// @param message destination, source and traffic class
    /// @param address address of the first byte, at any alignment
    /// @param byteSize total size of the payload in bytes, from 0 to [Datagrams#MAX_PAYLOAD_BYTES]; 0 is an empty
    ///     datagram
    /// @param segmentSize size of each datagram in bytes, at least 1; the last datagram may be shorter. There may be at
    ///     most [Datagrams#MAX_SEGMENTS] datagrams
    /// @return the number of bytes sent: all, or those of whole datagrams from the first on; or [#WOULD_BLOCK]
    /// @throws IllegalArgumentException if an argument is out of bounds, the destination is IPv6 while the socket is
    ///     IPv4, or source and destination are not both IPv4 or both IPv6
    /// @throws UnsupportedOperationException if the socket is portable, and the message has a source or a traffic class
    ///     that differs from that of the socket
    /// @throws IllegalStateException if the socket is closed, if it is connected and the message has a destination, or
    ///     if it is not connected and the message has none
    /// @throws SystemCallException if the system refuses. If the batch was sent datagram by datagram, some may have
    ///     been sent before; [Outgoing#sentBytes] is their size
    int send(Outgoing message, long address, int byteSize, int segmentSize);

    /// Waits until a datagram can be received. A pending error counts as a datagram. Closing the socket ends the wait.
    /// An interrupt of the thread does not end the wait.
    ///
    /// @param timeoutNanos maximum time to wait in nanoseconds, at least 0; the portable form rounds it up to
    ///     milliseconds
    /// @return true if a datagram could be received at that moment; another thread may take it first
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system refuses
    boolean awaitReadable(long timeoutNanos);

    /// Waits until the send buffer has space; see [#awaitReadable].
    ///
    /// @param timeoutNanos maximum time to wait in nanoseconds, at least 0; the portable form rounds it up to
    ///     milliseconds
    /// @return true if the send buffer had space at that moment
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system refuses
    boolean awaitWritable(long timeoutNanos);

    /// {@return the number of received batches that did not fit their page}
    long truncatedCount();

    /// {@return the number of GSO batches that were sent datagram by datagram, because the kernel could not split them}
    long splitCount();

    /// Closes the socket and wakes the threads that wait in it, but does not wait for them. Closing twice is harmless.
    ///
    /// @throws SystemCallException if the system reports an error; the socket is closed even so
    @Override
    void close();
}
