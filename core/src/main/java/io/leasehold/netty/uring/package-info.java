/// Netty's io_uring on the pages of a [jumbo pool][io.leasehold.jumbo.JumboPool], and the same pages for Netty's other
/// transports.
///
/// ```text
///   LeasedBufferRing             public: pages for the kernel, limits, statistics, close
///     ArmedPage                    a page in Netty's ring of buffers, and the data that is read into it
///     FallbackBuffers              buffers in place of pages, because a rejected request would lose bytes
///   AutoReadThrottle             stops reading while too many pages are in use
///   PagedRecvByteBufAllocator    pages for NIO and epoll
///   ClosingRecvByteBufAllocator  closes the one channel that cannot be read because there is no memory
/// ```
///
/// In this package, *ring* means Netty's ring of buffers for the kernel, or the [LeasedBufferRing] that fills it. A
/// page is *armed* while it is in Netty's ring, and *in use* while a reader has its buffer. One line gives an event
/// loop its ring, and a channel option selects the ring to read from:
///
/// ```java
/// new IoUringIoHandlerConfig().setBufferRingConfig(ring.config((short) 0))
/// bootstrap.childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, (short) 0)
/// ```
///
/// ## Why
///
/// * **`allocate` throws only if even the fallbacks fail.** Netty refills its ring after it has taken the bytes out of
///   it, and catches nothing there. An exception there loses bytes of a connection that stays open. During the first
///   fill it breaks the ring permanently.
/// * **A page has two buffer objects.** Netty asks the object in its ring for a slice, once a read. That object answers
///   with the second buffer of the page, which was made together with the page, so a read allocates nothing. Netty's
///   own rings make a slice, 60 to 160 B.
/// * **Two references at first.** Netty asks for the slice before it says whether the kernel is done with the page. The
///   object in the ring keeps one reference until then. Meanwhile the buffer can be neither written behind its part nor
///   moved.
/// * **Incremental use is detected.** A second request for a slice of a page that is still in the ring shows that the
///   kernel fills a page in several reads. After the first such request, slices are handed out; until then, copies are.
///   The setting is Netty's, so there is no option here that could differ from it.
/// * **Shallow rings.** The kernel uses pages in turn. A ring of 64 pages of 64 KiB therefore streams 4 MiB through the
///   cache, while epoll uses one hot buffer. A depth of 8 took 152 ms of CPU a GiB, a depth of 64 took 174 ms.
/// * **Small reads are copied.** A page that holds 256 B and waits for a slow reader is missing for the kernel. After a
///   copy, the page is armed again at once.
/// * **Back-pressure is the pool's.** Netty's ring has no limit on unreleased buffers. Armed pages stay armed as long
///   as their event loops run. So the watermarks count pages in use only, and the limit includes both.
/// * **A depth of 128 where pages are small.** A multishot read ends when it finds the ring empty, and Netty 4.2.18
///   starts the next one without checking `autoRead`. With all pages in use, a sender that kept the socket full got 10
///   MiB through at depths of 8 and 32. At a depth of 128 it was stopped after 66 reads of 4 KiB. Larger pages would
///   exceed the cache at that depth. Choose a depth of 128 if channels with large pages must stop at once, or disable
///   multishot reads. Alternative: a failing request could be linked before Netty's next read and would cancel that
///   read. If no read follows, it would cancel a write of another channel.
/// * **A channel that continues is asked to read twice.** Netty 4.2.18 loses a request to read if bytes arrive between
///   the request and the end of a cancelled read. The channel then never reads again; this was seen after hundreds of
///   stops.
///
/// (2026-11)
@NullMarked
package io.leasehold.netty.uring;

import org.jspecify.annotations.NullMarked;
