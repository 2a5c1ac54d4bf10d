/// Receivers under traffic: pages of a pool of Leasehold compared with Netty. Each receiver has its own JVM. Another
/// JVM sends to the receiver over loopback.
///
/// ```text
///   TrafficScenario     two JVMs a term, one result          ReceiverProcess   a JVM that receives
///     TrafficPlan         what runs, for how long            StreamReceiver    sink or echo on Netty: TCP
///       Traffic             kinds of traffic                   UringBuffers      what io_uring reads into
///       Receiver            the receivers                    PacketReceiver    Netty's epoll: UDP
///                                                            BatchReceiver     pages of Leasehold: UDP
///                                                          SenderProcess     a JVM that sends
///                                                            StreamSender, BatchSender
/// ```
///
/// **The receiver is measured**: the processor time of its process, and the garbage on its heap. It has one event loop,
/// so a small machine has one processor for each side. The sender is the same for all receivers.
///
/// **Netty's rings take their pages from Netty's allocator.** They have the same depth as Leasehold's, and once 64
/// pages. More pages can take a larger burst, but fewer of them stay in the cache.
///
/// **The content is checked** ([Noise]). Of a connection of a sink, the first 64 MiB are checked completely, then the
/// first and last eight bytes of every read, because comparing each byte would cost more than receiving it. The sender
/// checks all bytes of an echo. Of each datagram, the first and last eight bytes are checked. When a receiver closes,
/// it proves that every page was freed.
@NullMarked
package io.leasehold.bench.scenario.traffic;

import org.jspecify.annotations.NullMarked;
