/// Who receives: pages of a ring of ours beside what Netty has, each in a JVM of its own and loaded over loopback from
/// another one.
///
/// ```text
///   TrafficScenario     rounds, receivers in turn          ReceiverProcess   a JVM that receives
///     TrafficPlan         what runs, for how long            StreamReceiver    sink or echo on Netty: TCP
///       Traffic             kinds of traffic                   UringBuffers      what io_uring reads into
///       Receiver            who receives                     PacketReceiver    Netty's epoll: UDP
///     TrafficTerm         two JVMs, one result               TrainReceiver     pages of ours: UDP
///                                                          SenderProcess     a JVM that sends
///                                                            StreamSender, TrainSender
/// ```
///
/// **The receiver is what is measured**: the processor time of its process, and what it leaves on its heap. It has one
/// event loop, and so a small machine has one processor for each side. The sender is the same for all.
///
/// **Netty's rings have its own allocator for pages** and are as deep as ours, and once 64 pages deep: more pages hold
/// more of a burst, and less of them stays in the cache.
///
/// **Content is checked** ([Noise]): all bytes of a connection while the code is warmed, then the ends of every read,
/// since comparing each byte would cost more than receiving it; of an echo all bytes, by the sender; of datagrams the
/// ends of each. A receiver that closes proves that every page came back.
@NullMarked
package io.leasehold.bench.traffic;

import org.jspecify.annotations.NullMarked;
