/// Blocks of memory of any size, allocated from slabs of pages at the cost of a few loads.
///
/// A slab is a run of pages that is divided into blocks of one size class. Each thread caches free blocks in magazines.
/// All threads share the depots and the slabs. The terms are defined in the glossary of `io.leasehold`.
///
/// ```text
///   SlabHeap           public API: allocate, free, grow, trim        Binder           makes the object of a block
///     SlowPath           what a thread's cache cannot serve
///     MagazineLayout     free blocks of each thread, no lock           SizeClasses      the block sizes
///     ObjectMagazine     magazine of a size class, with its objects    SlabShape        layout of blocks in pages
///     BlockGrowth        extends blocks in place
///     ClassPools         one pool for each size class in use
///       ClassPool          free blocks of one size class               SlabMemory       arena | byte arrays
///         Depot              batches between magazines, no lock        RetainedSlabs    limit for empty slabs
///         LockedSlabs        one lock for each size class
///           SlabSet            slabs with free blocks                  HeapReclaimer    decay and memory pressure
///             FreeBlocks         one bit for each block                HeapChanges      size classes that changed
///             BlockObjects       the objects of the blocks             HeapCloser       closes heaps
///             Slab               a run of pages
/// ```
///
/// ## Why
///
/// * **Magazines hold ints, not references.** A reference that is stored in an old object costs a barrier of the
///   collector each time. An int costs a store. The object is found by its block number and stays bound to the block as
///   long as the block has memory. So there is no second recycler, and a block is reused with the object that it was
///   used with before.
/// * **A released block goes to the magazine of the releasing thread.** Blocks that other threads release cross
///   threads by half a magazine at a time, through the depot of their size class. That costs one compare-and-set,
///   whichever threads allocate and release.
/// * **A release does not wait.** While the lock of the slabs is taken, a depot accepts batches beyond its limit, and
///   the thread that holds the lock frees them. In an earlier version, ten thousand virtual threads that parked at that
///   lock waited up to five seconds behind the queue of the scheduler.
/// * **Slabs remember what changed.** After a block is freed to a slab, decay or memory pressure looks at the slab
///   once, and not again before the next block is freed to it. Empty slabs are in a set of their own. In an earlier
///   version each tick looked at all partly used slabs. Then releasing 1 GiB of blocks of 256 B in random order, with 1
///   % kept, took 25 s, and single releases took 54 ms.
/// * **The state of slabs is in dense arrays**, one bit for each block and one count for each slab. Freeing a block in
///   random order then misses the processor's cache for the buffer and for these arrays, but not for an object of each
///   slab.
/// * **A handle contains the size class of its block.** So a release touches its magazine and nothing else.
/// * **A thread caches 256 KiB.** With 128 KiB, a load of many sizes (an API gateway) missed the cache too often: 73 ns
///   a buffer instead of 63 ns. 512 KiB would save 4 ns more. A full cache is not emptied to make space for another
///   size. Blocks that are not needed are flushed at the next tick, and a refill takes a part of the space that is
///   left. So sizes do not evict each other in turn.
/// * **Empty slabs are retained, up to a limit in bytes over all sizes.** They wait for an allocation of their size,
///   with the objects of their blocks. Empty slabs beyond the limit are freed at once, and other sizes can use their
///   pages. Without the limit, a gateway with 26 MiB of live buffers held 41 MiB instead of 34 MiB.
/// * **The limit is what was in use together during the last two ticks**, up to 16 MiB, because load comes in waves.
///   With a part of what is held as the limit, an HTTP server with 16 requests in flight on each connection carved and
///   freed 2,500 to 3,000 slabs a second, and now 450. In the 16 seconds after its start it needed 16.9 to 25.4 us of
///   processor time for a request, and now 12.2 to 15.7 us. C2 compiled classes of Leasehold for 1.9 to 2.5 s, and now
///   for 1.2 to 2.2 s.
/// * **Otherwise the limit grows with the memory that the heap holds**, since a small server needs little. In an
///   earlier version the limit was 2 MiB for every heap, depots had 128 KiB, and each size retained a slab, also sizes
///   of 1 MiB. Today only sizes up to 64 KiB do, which is a megabyte in all. An HTTP server with a tenth of a megabyte
///   of live buffers held 9.7 MiB, and now it holds 4.1 MiB.
/// * **A depot grows while threads hand blocks over**, up to eightfold. Each tick in which the size class changed
///   halves it; without a decay it stays. Depots of 32 KiB suit a small server, but then most batches of 4 KiB blocks
///   pass the lock of the slabs. A hand-over between two event loops has two speeds, whatever the limit: it took 88 to
///   119 or 271 to 294 ns, and takes 61 to 82 or 207 to 249 ns now (2026-12-01, ten forks).
/// * **A free block of one of the next three sizes is used before a slab is carved.** With many sizes, most free memory
///   is in partly used slabs of other sizes. With 8,192 live buffers of a gateway, 1.44 bytes were committed for a live
///   byte, and now 1.32; with 1,024, 2.76 and now 2.11 (2026-12-01). A step takes as long as before. The size of 17,408
///   B is for buffers of TLS records: a proxy has 1.14 bytes for a live byte, and had 1.18.
/// * **Large slabs have a limit of their own**, or a few of them would use up the common limit. One of them is retained
///   in any case. Arrays, which are zeroed each time they are made, and locked pages have the full limit from the
///   start.
/// * **Slabs are small.** A slab with more than one block has at most 16 pages, so one live block keeps little memory
///   from other users. If beyond that some pages of a slab are not needed, the slab is purged: its run is split and
///   these pages are freed. Netty's chunks of some hundred KiB to several MiB are freed as a whole or not at all.
/// * **The lowest slab allocates first.** So the highest slabs become empty and are freed.
/// * **Memory that was not needed is freed.** Each size class records the fewest free blocks that it had during the
///   last tick, which is an eighth of a decay. That many blocks are freed. A burst is freed after two ticks, and a
///   steady load is not touched.
/// * **A large block is a slab of one block.** Large blocks are pooled like all others. Their runs are retained for a
///   moment in the pool of their size class. They grow in place if the pages behind them are free. If the class of a
///   request has no free block, the request takes a block of one of the next three classes. With sixteen sizes from 72
///   to 288 KiB in use, a release and an allocation took 0.5 us, and 0.9 us when each such request carved a slab. Such
///   a block is at most 3/8 longer. Even so, this is done only while at most a quarter of the limit is charged. In an
///   earlier version, requests of 512 KiB after blocks of 700,000 B got only 72 % of the limit.
/// * **A slab is one lease.** Pages are allocated, wired and leased once for each slab. All blocks of the slab share
///   that lease.
///
/// ## Many cores
///
/// Processor time for a buffer, in ns, while each of some threads allocates 256 buffers and then releases them. Two
/// cores, so that most threads wait for a core, some of them with a lock or in the middle of a change (2026-12-01):
///
/// | threads | 4 KiB | Netty's adaptive | 64 KiB | Netty's adaptive |
/// |---|---|---|---|---|
/// | 1 | 55 | 56 | 127 | 145 |
/// | 2 | 79 | 62 | 562 to 1,879 | 222 to 342 |
/// | 8 | 69 | 159 | 766 | 1,272 |
/// | 64 | 70 | 11,606 | 505 | 17,711 |
///
/// A thread that loses its core does not stop the others: they use the depot, the next sizes and their magazines. More
/// cores than two could not be measured. What follows is a model.
///
/// * **Shared words.** A buffer that stays with its thread touches none. Otherwise a thread goes to the depot once
///   for half a magazine (32 blocks, fewer above 2 KiB), with two or three compare-and-sets, and to the lock of the
///   slabs if the depot is empty or full. Two cores share a cache line at 13 to 16 ns a change here; between two
///   sockets it is about 100 ns. A trip takes about 240 ns: the first line of the table, less the cost of a buffer
///   that is cached. The model takes 150 ns of them as serial.
/// * **Limit of one size class.** A batch of 16 blocks of 4 KiB has two trips, so one class passes about 50 million
///   blocks a second between threads, on any number of cores: 1.6 million a second for each of 32 cores, and 0.4
///   million for each of 128. A server that hands every buffer to another thread, in one size, gets there first.
///   Blocks of 64 KiB, which have magazines of two, passed 1 to 4 million a second on two cores.
/// * **Then the carving of slabs.** A slab of four blocks of 4 KiB is carved in about 2.6 us, page faults included.
///   The lock of the arena is held for a part of that, so an arena grows by 6 GB a second or more. A budget is
///   changed once for a slab or less often.
/// * **Flushes** interrupt each core that runs the process, once in a tick (membarrier).
/// * **Slots.** Up to 512 platform threads have caches of their own, eight for each core and at least 64. Further
///   threads share two slots for each core. With 64 threads in 64 slots some collide: 38.9 ns for 256 B on one thread
///   became 238 ns.
/// * **The design for more.** One depot for each group of about sixteen slots, with the slabs behind all of them. A
///   block then leaves its group only if the group has too many. That multiplies the first limit by the number of
///   groups, and costs up to 32 KiB for each class and group.
///
/// (Measured 2026-11)
@NullMarked
package io.leasehold.slab;

import org.jspecify.annotations.NullMarked;
