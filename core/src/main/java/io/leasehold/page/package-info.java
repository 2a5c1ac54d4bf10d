/// Manages the pages of an arena as a kernel manages physical memory: page frames, wiring, contiguous runs, and
/// decommit.
///
/// ```text
///   PageArena                  public API: allocate, free, grow, split, trim
///     Magazines                free runs of each thread, no lock
///     FrameAllocator           fills and empties magazines
///       RunWaiters             threads that wait for a run
///       Neighbours             other arenas, which decommit idle memory for this one
///       FrameReclaimer         gets pages back from magazines, reclaimers and idle memory
///         PageReclaimers       caches of the layers above
///       FramePool              the common pool, guarded by one lock
///         FrameSupply          free map + budget + kernel calls
///           FreeMap            two bitmaps
///             FreeRuns         first fit, by a RunTree
///             AgingPageblocks  which pageblocks have pages that become old
///             LostPages        which pages are never allocated
///     PageFrames               the frame table
///       PageLocks              wiring that locks pages in memory
///     ArenaCloser              closes the arena, in two halves
///     ArenaSpace               address space of pages and tables
///     Decay                    the clock of one arena
///       Maintenance            the thread that serves all arenas; a Pace limits each step
///         MaintenanceCredit    the processor time that the thread may use
/// ```
///
/// ## Terms
///
/// | term | meaning |
/// |---|---|
/// | frame | the record of one page in the frame table |
/// | cold, warm | a page that holds no memory; a page that may hold memory, and is charged |
/// | idle | free and warm, and in the common pool |
/// | frontier | the first page of those that were never accessible |
/// | transit | the state of pages that are being decommitted |
/// | tick | an eighth of the decay |
/// | lost | a page that a previous owner of the addresses may still write to, and that is never allocated |
/// | open, shut | a slot whose magazines accept runs; a slot whose magazines have a capacity of zero |
///
/// ## Why
///
/// * **One word for each frame.** Generation, state, wire count and hold count change together by one compare-and-set.
///   So free, wire and hold exclude each other, and of two racing frees one fails. The word that a free expects follows
///   from the handle alone. Detection of double frees and stale handles therefore costs only the atomic step that a
///   free needs anyway. A wider record with a lock, or a separate bitmap of live pages, would cost a second atomic
///   step.
/// * **Frames of neighbours lie a cache line apart.** The lowest free pages are neighbours and go to different threads.
///   With two hot frames in one cache line, a second thread adds only 46 to 70 % of the throughput that it adds with
///   frames in separate lines. The spacing costs half a nanosecond of arithmetic.
/// * **Bitmaps, not lists of free runs.** Neighbours coalesce without any work, nothing is written into free memory,
///   and the frame of a free page is not touched. Boundary tags find a run in fewer steps. But each free and each
///   allocation would write the frames at both ends, also those of decommitted pages. A tree of the longest runs finds
///   a run in a few steps for each level. The earlier search through a count for each pageblock took 116 us in 32 GiB
///   whose holes were too short, and 394 us to reject a request. The tree takes 1.2 us and 0.1 us (`mvn -Pbench
///   -Dbench=growth`). It costs each change of the common pool about 80 ns.
/// * **Idle pages first, lowest address first.** Idle pages are already charged. Allocation at low addresses leaves the
///   high addresses idle, so that they are decommitted.
/// * **An arena that grows faults in whole runs.** A page fault for each page was most of the cost of a burst. When 4
///   MiB of cold pages were allocated in a tick, runs of up to 128 KiB are faulted in by one call. Before that, pages
///   are faulted in when they are touched: a small server, or a buffer of which only the start is used, needs memory
///   only for what it touches. A fill of 1 GiB and its first writes took 3.4 s, and 4.3 s with runs of 64 KiB. After
///   idleness they took 3.2 s, and 4.3 s (two processors of a virtual machine).
/// * **Magazines in biased slots** ([io.leasehold.memory.BiasedSlots]), which a reclaim can empty. If pages were
///   stranded in magazines, exhaustion would not be exact, waiters would miss frees, and idle threads would hoard.
/// * **Magazines start shut**, and a flush shuts them again. So an arena knows without visiting any slot that there is
///   nothing to flush. The price is one slow free for each thread after each flush. A flag that each free sets would
///   cost every free.
/// * **Reclaimers are called, not searched.** A layer above keeps some pages in caches, and those pages are live in the
///   arena. The layer's reclaimer is called before a request fails, so the limit stays exact through all layers. It is
///   also called in each eighth of a decay, so that the pages that a burst left in caches begin to age soon. Growing in
///   place does not call reclaimers: cached pages are rarely adjacent to the run. A caller that cannot grow allocates a
///   new run, and that path does call reclaimers.
/// * **Arenas on one budget give each other idle memory** ([Neighbours]). Idle pages stay charged for a decay. Without
///   these decommits, a request was refused although another arena held the bytes and did not need them. The arena that
///   asks has the others decommit what it lacks, once the budget refused. It asks more rarely while asking does not
///   help.
/// * **A free wakes one waiter.** The first waiter in the queue serves the others and looks for memory for all of them.
///   In an earlier version 128 waiting threads each flushed and called reclaimers every 10 ms. A thread beside them
///   then did 72,000 allocations in three seconds in place of 3.4 million.
/// * **No depot of full magazines here.** A page changes threads in batches of half a magazine under the lock of the
///   pool, which costs a few nanoseconds for each page. The slabs above allocate far more and smaller blocks, and have
///   a depot.
/// * **Decommit outside the lock.** The kernel takes a tenth of a second to decommit 1 GiB. The pages are in transit
///   meanwhile: neither free nor live. An allocation that needs them waits for one batch of 2 MiB.
/// * **Age by page, in ticks of an eighth of the decay.** One byte for each page records when it was freed. So a busy
///   neighbour does not keep an idle page committed, as it would with an age for each pageblock. Pageblocks are listed
///   by the tick in which they are due, so a tick visits no other pageblocks.
/// * **Pages in magazines have no age.** Instead the magazines are flushed once in each decay. That costs each thread
///   that used its magazines one refill.
/// * **The limit counts memory, not addresses.** An arena with exactly as many addresses as its limit rejected a
///   request for 68 MiB of 128 MiB while 16 bytes in the middle were live. Addresses cost no memory, so an arena
///   reserves sixteen times its limit. First fit of runs of up to m pages needs at most `(1 + 1/2 + ... + 1/m) / ln 2`
///   times the live pages, whatever the order of requests. This is less than 16 for runs of up to 36,000 pages. The
///   limit counts pages that may hold memory. A request that finds addresses but no memory has idle pages elsewhere
///   decommitted, no more than it needs. When each request decommitted a whole batch of 2 MiB, threads at the limit
///   lost pages that they were about to use.
/// * **Without decommit, each page that was ever used counts for ever.** Otherwise the committed memory could pass the
///   limit. On such a system, a run of up to m pages is guaranteed only if `(1 + 1/2 + ... + 1/m) / ln 2` times the
///   live pages fit into the limit. The same holds for idle pages in huge frames that are partly in use.
/// * **Fewer addresses where there are few.** An arena reserves a half, a quarter, and so on down to its limit, if the
///   system does not have twice that. With `ulimit -v` and in the portable form this leaves addresses for other arenas
///   and for the threads of the JVM. A default limit shrinks too. A limit that the options name does not shrink, and
///   opening fails.
/// * **A clean close retains address space, a forced close leaves a remnant** ([io.leasehold.memory.Remnant]). After a
///   clean close no handle is in use, and the range can serve any owner. After a forced close pointers into the used
///   pages may exist. If these pages were unmapped, the next stale access would end the process. If a later owner got
///   them, two owners would share memory. An earlier version kept all addresses and mappings for ever, and ran out of
///   mappings after 4,093 forced closes. Now the next arena with pages of this size takes over the same pages and
///   tables, but the pages that were in use count as used for ever. Their frames keep their places. So a thread that
///   was preempted in a call to the closed arena can only write to frames that no arena uses. The loss is in proportion
///   to the bytes that were left in use.
///
/// (2026-11)
@NullMarked
package io.leasehold.page;

import org.jspecify.annotations.NullMarked;
