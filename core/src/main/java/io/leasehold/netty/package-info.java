/// Netty's words for leased memory: an allocator that stands in for Netty's own, and the two buffers it lends.
///
/// ```text
///   LeasedByteBufAllocator       what servers are given: lend, count, bound, tell, close
///     BufferHeaps                  two heaps of blocks, the arena and the budget below one of them
///     SoftLimit, RefusalLog        listener and log line, each at most once in an interval
///     RememberedFailure            why it could not be opened, for a second
///     LeasedByteBufAllocatorMetric what is held, for dashboards
///   LeasedByteBuf                a block at an address     } CountedByteBuf: the count, the room
///   LeasedHeapByteBuf            a part of a byte[]        } to grow, the way home
///     ExternalMemory                     other memory at an address, lent as a LeasedByteBuf too
/// ```
///
/// One line puts it under a server: `bootstrap.childOption(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT)`,
/// and the same with `option` for the listening or client side.
///
/// ## Why
///
/// * **The buffer is bound to its block.** Finding a free block finds the buffer over it, so there is no second
///   recycler and nothing to construct: lending sets the indices and the count, and allocates nothing.
/// * **The count lies in the buffer.** Netty's own counted class keeps it in an object of its own, which costs 16
///   bytes a buffer and a dependent load a check. One compare-and-set a release decides who frees, so that of two
///   racing releases one throws.
/// * **A moved buffer leaves a new one behind.** Its holder keeps the object, so growth beyond the block takes a second
///   buffer from the heap, whose block the object stands for from then on; the old block gets a new object. To exchange
///   the two objects' blocks would save that one, but a view kept by mistake from an earlier life could then reach past
///   a block that became shorter. So an object only moves to longer blocks.
/// * **Leak detection needs garbage.** A detector learns of a leak from the collector, and what a heap knows is never
///   garbage. A sampled buffer is therefore forgotten by the heap and brings itself along when it comes home. That
///   costs two calls for each sampled buffer, and a fresh object for the block only if it really was lost.
/// * **Memory of other owners is lent as the same class**, so that what reads buffers meets one class and not three.
///   Its way home is the slow one, chosen by a flag that the short way has to look at anyway.
/// * **Netty's checks, not ours.** `checkAccessible`, `checkBounds` and the levels of leak detection mean what they
///   mean for every other buffer, since access goes through Netty's own methods. Derived and retained views are
///   Netty's too: they are bounded by construction, and nested ones stay so.
/// * **Refusal is an `OutOfMemoryError`.** Netty closes a channel for that alone, and spins for anything else. So
///   whatever keeps a buffer from being allocated is a [BufferMemoryError]. Netty's io_uring handles no error there at
///   all; [ClosingRecvByteBufAllocator][io.leasehold.netty.uring.ClosingRecvByteBufAllocator] makes up for that.
/// * **Netty's own detector.** Listeners and detectors that an application sets hear of buffers of this allocator as of
///   all others. At level `simple` the buffers to watch are chosen here, because that is cheaper, unless the detector
///   is of a class of the application's.
/// * **A limit of direct memory.** `byteLimit` holds the pages of direct buffers and their tables. Heap buffers are
///   bounded by the maximum Java heap, which the JVM enforces for them as for all other objects.
/// * **No thread waits here.** An event loop that waits for memory cannot free any.
///
/// (2026-11)
@NullMarked
package io.leasehold.netty;

import org.jspecify.annotations.NullMarked;
