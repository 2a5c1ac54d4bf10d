/// Page frames, their wiring, contiguous runs, and giving memory back: physical memory as the kernel sees it.
///
/// ```text
///   PageArena          what users see: allocate, free, grow, split, trim
///     Magazines          free runs of each thread, no lock         Decay, Maintenance, Pace   when idle memory goes
///     FrameAllocator     fills and empties magazines               PageReclaimers             caches of the layers
/// above RunWaiters         threads that wait for a run             FrameReclaimer             pages from wherever they
/// are FramePool          the common pool, one lock                 PageFrames                 the frame table
/// FrameSupply        free map + budget + kernel                PageLocks                  wiring that locks FreeMap
/// two bitmaps                           ArenaSpace                 address space of all this FreeRuns, RunTree  first
/// fit: where a run begins AgingBlocks        where pages become old
/// ```
///
/// ## Why
///
/// * **One word a frame.** Generation, state, wire count and hold count change together by compare-and-set, so free,
///   wire and hold exclude each other, of two racing frees one fails, and the word that a free expects follows from
///   the handle alone: finding double frees and stale handles costs the one atomic step that a free needs anyway. A
///   wider record with a lock, or a separate bitmap of live pages, would cost a second one.
/// * **Frames of neighbours a cache line apart.** The lowest free pages, which are neighbours, go to different threads,
///   and two hot frames in one line cut the gain of a second thread to 0.46-0.70 of private work. It costs half a
///   nanosecond of arithmetic.
/// * **Bitmaps, not lists of free runs.** Neighbours coalesce by being neighbours, nothing is written into free
///   memory, and a free page costs no frame to be touched. Boundary tags find a run in fewer steps, but each free and
///   each carve would write the frames at both ends, also of pages that were given back. A tree of the longest runs
///   finds one in some steps a level; looking through counts a block, as before, took 116 us in 32 GiB with holes that
///   were too short, and 394 us to refuse a run, where it takes 1.2 and 0.1 us now (`mvn -Pbench -Dbench=growth`). The
///   tree costs each change of the common pool about 80 ns.
/// * **Idle pages first, lowest address first.** Idle pages are paid for; low addresses let the top go cold and back to
///   the system.
/// * **Magazines in biased slots** ([io.leasehold.memory.BiasedSlots]), which a reclaimer can empty: were pages
///   stranded in magazines, exhaustion would not be exact, waiters would miss frees, and idle threads would hoard.
/// * **Magazines start shut**, and are shut by a flush. So an arena knows without a look at any slot that there is
///   nothing to flush, at the price of one slow free a thread after each flush. A flag that each free sets would cost
///   every free.
/// * **Reclaimers are asked, not searched.** A layer above that cuts pages up keeps some in caches, which are live
///   here. It is asked for them before a request is told that there is no page, so the limit stays exact through all
///   layers; and in each eighth of a decay, so that what a burst left behind begins to age soon. Growing in place does
///   not ask: the pages of caches are seldom just behind the run, and a caller that cannot grow allocates, which does.
/// * **A free wakes one waiter.** The first in the queue serves the others and looks for memory for all of them. With
///   128 threads that each flushed and asked every 10 ms, a thread beside them did 72,000 allocations in three seconds
///   in place of 3.4 million.
/// * **No depot of full magazines here.** A page changes threads in batches of half a magazine under the common lock;
///   that is a few nanoseconds a page. The slabs above, which serve far more and smaller things, have one.
/// * **Decommit outside the lock.** Giving 1 GiB back takes the kernel a tenth of a second. Its pages are in transit
///   meanwhile: neither free nor live, and an allocation that needs them waits for one batch of 2 MiB.
/// * **Age by page, in ticks of an eighth of the decay.** One byte a page tells how long it has been idle, so a busy
///   neighbour keeps nothing alive. An age by block would. A calendar of the blocks that got an idle page keeps a tick
///   from looking at pages that are not due.
/// * **Pages in magazines have no age**; the magazines are flushed once in a decay instead, which costs each thread
///   that used its own one refill.
/// * **The limit counts memory, not addresses.** An arena that had exactly as many addresses as its limit refused
///   68 MiB of 128 MiB while 16 bytes in the middle were live. Addresses cost no memory, so an arena reserves sixteen
///   times its limit: first fit of runs of up to m pages needs at most `(1 + 1/2 + ... + 1/m) / ln 2` times what is
///   live, whatever the order of requests, and that is less than 16 up to runs of 36,000 pages. What counts are pages
///   that may hold memory. A request that finds addresses but no memory has idle pages elsewhere decommitted, no more
///   than it needs; with whole batches of 2 MiB, threads over the limit took each other's idle pages away.
/// * **Where the system takes nothing back, each page that was ever used counts for ever**, or what is committed could
///   pass the limit. So a run is sure to be found there only while `(1 + 1/2 + ... + 1/m) / ln 2` times what is live is
///   within the limit. The same holds for idle pages of huge frames that are in use in part.
/// * **Fewer addresses where there are few.** An arena takes a half, a quarter, and so on down to its limit, if the
///   system does not have twice that: `ulimit -v` and the portable form leave some for other arenas and the threads of
///   the JVM. A limit that was not named shrinks too; one that was named does not, and opening fails.
/// * **A clean close parks address space, a forced one leaves a remnant** ([io.leasehold.memory.Remnant]). Where
///   handles are known to be gone the range can serve any owner. After a forced close pointers may be left into the
///   pages that were in use. To unmap these would end the process at the next stale access, and to give them to a later
///   owner would let two owners meet. To keep all addresses and mappings for ever ended after 4,093 forced closes. So
///   the next arena with pages of this size takes the same pages and tables, but the pages that were in use count as
///   used for ever. Their frames lie where they lay, so a thread that lost its core in a call to the closed arena can
///   only write to frames that no arena uses. What is used up is in proportion to the bytes that were left behind.
///
/// (2026-11)
@NullMarked
package io.leasehold.page;

import org.jspecify.annotations.NullMarked;
