/// Netty's io_uring on the pages of a [jumbo ring][io.leasehold.jumbo.JumboPool]; the same pages for its other
/// transports.
///
/// ```text
///   LeasedBufferRing             what a server opens: pages for the kernel, bounds, numbers, the end
///     ArmedPage                    a page as it lies in Netty's ring of buffers, and what is read into it
///     FallbackBuffers              what is used when there is no page, since refusing would lose bytes
///   AutoReadThrottle                 reads less while too many pages are out
///   PagedRecvByteBufAllocator    pages for NIO and epoll
///   ClosingRecvByteBufAllocator  closes the one channel that cannot be read for want of memory
/// ```
///
/// One line gives an event loop its ring, and a channel says which one it reads from:
///
/// ```java
/// new IoUringIoHandlerConfig().setBufferRingConfig(ring.config((short) 0))
/// bootstrap.childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, (short) 0)
/// ```
///
/// ## Why
///
/// * **`allocate` never throws.** Netty refills its ring after it has taken the bytes out of it, and does not catch: a
///   throw there loses bytes of a connection that stays open. In the first filling it spoils the ring for ever.
/// * **A page is two objects.** What lies in Netty's ring is asked for a slice once a read. It answers with the buffer
///   of its page, which was made with it, so a read allocates nothing. Netty's own rings make a slice, 60 to 160 B.
/// * **Two references at first.** Netty asks for the slice before it says whether the kernel is done with the page. The
///   one in the ring keeps a reference until then; the buffer can be neither written behind its part nor moved.
/// * **Incremental use is learned.** Where the kernel fills a page bit by bit, a page is asked for a second slice while
///   it is in the ring; nowhere else is it. From the first such moment on slices are handed out there, and until then
///   copies. The option is Netty's, so there is none here that could differ from it.
/// * **Shallow rings.** The kernel takes pages in turn, so a ring as deep as 64 pages of 64 KiB streams 4 MiB through
///   the cache, where epoll has one hot buffer. A depth of 8 took 152 ms of CPU a GiB there, one of 64 took 174.
/// * **Small reads are copied.** A page that holds 256 B and waits for a slow reader is a page that the kernel misses.
///   Copied, it is armed again at once.
/// * **Back-pressure is the pool's.** Netty's ring knows no bound on what is unreleased. Pages that are armed stay so
///   as long as there are event loops, so watermarks are of pages with holders, and the bound has room for both.
/// * **A ring of 128 pages, where they are small.** A multishot read ends when it finds the ring empty, and Netty
///   4.2.18 begins the next one without asking for `autoRead`. With all pages held, a sender that kept the socket full
///   got 10 MiB through at depths of 8 and 32, and was stopped after 66 reads of 4 KiB at 128. Larger pages would leave
///   the cache at that depth; who needs them stopped at once chooses it, or reads that are not multishot. Alternative:
///   a failing request linked before Netty's next read would cancel it, but cancels a write of another channel if that
///   read is not made after all.
/// * **A channel that goes on is told to read twice.** 4.2.18 loses the wish to read if bytes come between it and the
///   end of a read that was cancelled, and stands still for ever, as was seen after hundreds of closings.
///
/// (2026-11)
@NullMarked
package io.leasehold.netty.uring;

import org.jspecify.annotations.NullMarked;
