/// Page frames, their wiring, contiguous runs, and giving memory back: physical memory as the kernel sees it.
///
/// ```text
///   PageArena      what users see: allocate, free, grow, split, trim
///     Magazines      free runs of each thread, no lock           Decay, Maintenance    when idle memory goes
///     FrameAllocator the common pool, one lock                   PageTenants           who has pages in stock above
///       FrameSupply    free map + budget + kernel                PageFrames            the frame table
///         FreeMap        two bitmaps, first fit                    PageLocks             wiring that locks
///                                                                ArenaSpace            address space of all this
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
///   each carve would write the frames at both ends, also of pages that were given back. Counts a block of 512 pages
///   keep the search short.
/// * **Idle pages first, lowest address first.** Idle pages are paid for; low addresses let the top go cold and back to
///   the system.
/// * **Magazines in biased slots** ([io.leasehold.memory.BiasedSlots]), which a reclaimer can empty: were pages
///   stranded in magazines, exhaustion would not be exact, waiters would miss frees, and idle threads would hoard.
/// * **Tenants are asked, not searched.** Whoever cuts pages up above keeps some in stock, which are live here. They
///   are asked for them before anybody is told that there is no page, so the bound stays exact through all floors; and
///   in each eighth of a decay, so that what a burst left behind begins to age soon. Growing does not ask: their
///   stock is seldom just behind the run, and who cannot grow allocates, which does.
/// * **No depot of full magazines here.** A page changes threads in batches of half a magazine under the common lock;
///   that is a few nanoseconds a page. The slabs above, which serve far more and smaller things, have one.
/// * **Decommit outside the lock.** Giving 1 GiB back takes the kernel a tenth of a second. Its pages are in transit
///   meanwhile: neither free nor live, and an allocation that needs them waits for one batch of 8 MiB.
/// * **Age by page, in ticks of an eighth of the decay.** One byte a page tells how long it has been idle, so a busy
///   neighbour keeps nothing alive. An age by block would.
/// * **Pages in magazines have no age**; the magazines come home once in a decay instead, used or not, which costs each
///   thread one refill.
/// * **A clean close parks address space, a forced one keeps it.** Where handles are known to be gone the range can
///   serve again; where pointers may be left, or a thread lost its core inside a magazine, a later owner must not be
///   disturbed by them.
///
/// (2026-11)
@NullMarked
package io.leasehold.page;

import org.jspecify.annotations.NullMarked;
