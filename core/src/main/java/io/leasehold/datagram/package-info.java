/// UDP sockets for batches of datagrams. Datagrams are received into pages of a
/// [JumboPool][io.leasehold.jumbo.JumboPool] and sent from them, many in one system call.
///
/// ```text
///   DatagramPort          a UDP port, for a source and for senders
///     DatagramPortOptions, DatagramFeature     required options, and features of the system
///   DatagramSource        receives GRO batches, one page for each
///     JumboDatagram       one GRO batch while the handler runs
///   DatagramSender        sends pages and ranges as GSO batches
///     SegmentCursor       the datagrams of a batch
/// ```
///
/// A GRO batch is the content of one page that the kernel delivers: datagrams of one sender that arrived together
/// (UDP_GRO). A GSO batch is a range that the kernel splits into datagrams (UDP_SEGMENT).
///
/// ## Why
///
/// * **A package of its own**, above `jumbo`: it uses only what the pool exports.
/// * **A GRO batch keeps its page.** The kernel delivers forty datagrams as one range and a segment size (UDP_GRO), at
///   a twentieth of the CPU time for each. Splitting them into objects would cost more than was gained. So a page is
///   passed on whole, and a cursor finds the datagrams in it. Pages smaller than 64 KiB get no batches, because the
///   kernel drops datagrams that do not fit.
/// * **A handler takes the page or leaves it.** A small datagram is copied, and its page is filled again while it is in
///   the cache, for two compare-and-sets. A datagram that is kept costs one allocation. Alternative: every page belongs
///   to the receiver, and one small datagram that is forgotten leaks 64 KiB.
/// * **No page, no receive.** Reading into other memory, or reading and dropping, would hide that the application keeps
///   too many pages. The buffer of the socket limits the datagrams that wait, and the kernel counts those that it
///   drops. The result is not 0, because a thread that waits for the socket would be woken at once. The thread has to
///   wait for a page.
/// * **A sender keeps its position.** If the kernel does not segment a batch, a part of the batch may be sent. So the
///   sender counts the bytes that were sent, and the caller does no arithmetic. A sender accepts any length, because a
///   page of 64 KiB is longer than one call may send.
/// * **An answer is sent from the address that the question came to**, without an option. A connected client drops an
///   answer from another address, and a server without the option would fail on its first machine with two addresses.
///   So a port on the wildcard address asks for packet info, and the sender address object remembers the destination.
///   Cost: a control message of 40 bytes in each direction. Alternative: one port for each address, which misses
///   addresses that are added later.
/// * **An option is required or used where possible; it is never off.** A receiver without ECN reads none, and a server
///   that needs ECN does not open a port without it. So options say what is required. An option that costs one control
///   message is always asked for.
@NullMarked
package io.leasehold.datagram;

import org.jspecify.annotations.NullMarked;
