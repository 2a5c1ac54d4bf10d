/// Buffers for Netty on leased memory: an allocator that replaces Netty's own, and the two classes of buffers it
/// allocates.
///
/// ```text
///   LeasedByteBufAllocator         public: allocate, count, limit, report, close
///     LazyHeaps                      opens the heaps at the first buffer, closes them
///       BufferHeaps                    two heaps of blocks, and the arena and the budget below one of them
///       RememberedFailure              the reason why they could not be opened, for one second
///     HeapRefusals                   the words of a refusal: the limit that refused, and the holders
///     BufferUse                      what is recorded of a sampled buffer until its release
///     SoftLimit, RefusalLog          listener and log line, each at most once in an interval
///     LeasedByteBufAllocatorMetric   numbers for dashboards
///   LeasedByteBuf                  a block at an address     } CountedByteBuf: the count of references,
///   LeasedHeapByteBuf              a part of a byte[]        } growth, return of the block
///                                                            } ViewedByteBuf: transfers to and from channels
///     ExternalMemory                 memory of another owner, as a LeasedByteBuf
///   TagHandler                     public: a tag for the buffers of a channel
///   BudgetThrottle                 public: stops channels that hold more than their share of a budget
///     ThrottledChannel               the handler of one channel: counts, stops, starts
///   ReadStops                      public: one channel, stopped by several handlers
///   FacadeHeap                     public: the heap behind Netty's own pools, for the agent
///     FacadeBacking                  the allocator behind one of these pools
/// ```
///
/// A server uses it with one line: `bootstrap.childOption(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT)`.
/// The listening channel and clients set the same value with `option`.
///
/// ## Why
///
/// * **A buffer object is bound to its block.** Finding a free block also finds its buffer object. There is no second
///   recycler and no object to construct. An allocation sets the indices and the count, and allocates nothing on the
///   Java heap.
/// * **The count is a field of the buffer.** Netty's own counted class keeps the count in a separate object, which
///   costs 16 bytes a buffer and one dependent load a check. One compare-and-set in a release decides which thread
///   frees the buffer. Of two racing releases one throws, unless the buffer is in use again by then.
/// * **A buffer that moves leaves a new object behind.** The holder keeps its buffer object. Growth beyond the block
///   therefore allocates a second buffer, and the object is bound to the block of that second buffer. The old block
///   gets a new object. Swapping the blocks would save that object, but then a view that is kept by mistake
///   could reach past the end of a shorter block. So an object only moves to longer blocks.
/// * **Leak detection needs garbage.** A detector learns of a leak from the collector, and an object that a heap
///   references is never garbage. So the heap unbinds a buffer that is sampled, and the buffer is bound again when it
///   is released. That costs two calls for each sampled buffer, and a new object for the block only if the buffer was
///   really lost.
/// * **One countdown for two samplers.** The leak detector and the profile of `io.leasehold.observe` choose buffers by
///   the same countdown of the buffer object ([Sampler][io.leasehold.holder.Sampler]). A buffer of a thread with a tag
///   is counted without a countdown.
/// * **Memory of other owners uses the same class.** Code that reads buffers meets one class and not three. Such a
///   buffer is released on the slow path. The fast path tests a flag anyway, and this flag selects the slow path.
/// * **Netty's checks.** `checkAccessible`, `checkBounds` and the levels of leak detection mean the same as for every
///   other buffer, because access goes through Netty's own methods. Derived and retained views are Netty's too. They
///   are bounded by construction, and so are views of views.
/// * **A rejected allocation is an `OutOfMemoryError`.** Netty closes a channel only for that error, and retries
///   without end after any other. So every failure to allocate a buffer is a [BufferMemoryError]. Netty's io_uring
///   transport handles no error there at all, and datagram channels of epoll retry after any error;
///   [ClosingRecvByteBufAllocator][io.leasehold.netty.uring.ClosingRecvByteBufAllocator] makes up for that.
/// * **Netty's own detector.** Leak listeners and detectors that an application sets get reports about buffers of this
///   allocator too. At level `simple` this package chooses the buffers to watch, because that is cheaper, unless the
///   application has its own detector class.
/// * **A limit of direct memory.** `byteLimit` covers the pages of direct buffers and their tables. Heap buffers are
///   bounded by the maximum Java heap, which the JVM enforces for them as for all other objects.
/// * **A channel is charged for buffers, not for pages.** A budget counts pages, and a page has buffers of many
///   channels. So a throttle counts the buffers that a channel read and did not release, by their capacity, because a
///   small message keeps all of its buffer. That needs a wrapper for each read, so it is a handler and not a property
///   of the allocator: a channel without the handler pays nothing.
/// * **A stopped channel looks again by itself.** Pressure may end because another part of the process releases memory,
///   and no event says so on the event loop. A check every 20 ms runs only while a channel is stopped.
/// * **One place turns `autoRead` off and on.** With two handlers that each remember the old value, the first to resume
///   would undo the stop of the other. [ReadStops][io.leasehold.netty.ReadStops] counts the stops of a channel.
/// * **No thread waits for memory.** An event loop that waits for memory cannot free any.
///
/// (2026-11)
@NullMarked
package io.leasehold.netty;

import org.jspecify.annotations.NullMarked;
