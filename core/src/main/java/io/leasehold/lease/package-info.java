/// Leases: the right of a thread to touch a page, at an address, until a close; sf_buf(9) with ends that are checked.
///
/// ```text
///   LeasePool      what users see: acquire, hand over, release, close     Lease       one lease as an object
///     LeaseRecords   for each open lease its page, address and holder       Releaser    the seam to other owners
///       RecordTable    free records, in batches                             LeaseTraces stacks, if asked for
///     Stripes        for each thread: free records, counts
///     PageMap        where pages appear
///       DirectMap      at their own addresses
///       WindowedMap    at windows that come and go
///         WindowSlots    windows by page, no lock for hits
///         WindowClaims   which page gets which window, one lock for misses
///           ReleaseOrder   which window is recycled next
///           WindowWaiters  threads that wait, in order and by page       RequestTree a balanced tree of them
/// ```
///
/// ## What a call does in each state of a lease
///
/// A state is what the calling thread sees: `CONFINED` is to this thread, `ELSEWHERE` to another one; `POOL CLOSED` was
/// open when its pool was closed forcibly. Upper case is the kind of [LeaseStateException] that is thrown; `-` is a
/// call that only an object has, which cannot be foreign. `LeaseStatesTest` reads both tables and tries each cell.
///
/// | call     | OPEN      | CONFINED  | ELSEWHERE | CLOSED | HANDED OVER | RECYCLED | FOREIGN | POOL CLOSED |
/// |----------|-----------|-----------|-----------|--------|-------------|----------|---------|-------------|
/// | address  | value     | value     | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
/// | page     | value     | value     | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
/// | byteSize | value     | value     | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
/// | isOpen   | true      | true      | false     | false  | false       | false    | false   | false       |
/// | segment  | value     | value     | CONFINED  | CLOSED | RECYCLED    | RECYCLED | -       | CLOSED      |
/// | getLong  | value     | value     | CONFINED  | CLOSED | RECYCLED    | RECYCLED | -       | CLOSED      |
/// | putLong  | value     | value     | CONFINED  | CLOSED | RECYCLED    | RECYCLED | -       | CLOSED      |
/// | ref      | new lease | new lease | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
/// | handOver | new lease | new lease | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
/// | adopt    | new lease | new lease | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
/// | close    | ends      | ends      | CONFINED  | CLOSED | RECYCLED    | RECYCLED | -       | CLOSED      |
/// | release  | ends      | ends      | CONFINED  | CLOSED | RECYCLED    | RECYCLED | FOREIGN | CLOSED      |
///
/// A confined [Lease] of a direct map needs no record, unless the pool is traced: its end is a field of its own. It
/// says CLOSED where the table says RECYCLED, and its pool neither counts it nor refuses to close because of it.
///
/// ## What a call does in each state of the windows
///
/// The page that is wanted has a window that is leased (`ACTIVE`) or not (`INACTIVE`), or it has none. Then there is a
/// window that never had a page (`VIRGIN`), or one that another page left (`OTHER INACTIVE`), or all are leased for
/// other pages (`FULL`) and a thread that waits for this page sees one of them closed. A close leaves its window in use
/// (`stays`), or for the next lease on its page (`idles`), or grants it to the first waiter (`wakes`).
///
/// | call                         | ACTIVE | INACTIVE | VIRGIN | OTHER INACTIVE | FULL        |
/// |------------------------------|--------|----------|--------|----------------|-------------|
/// | acquire DEFAULT              | hit    | hit      | maps   | maps           | waits       |
/// | acquire NOWAIT               | hit    | hit      | maps   | maps           | null        |
/// | acquire CATCH                | hit    | hit      | maps   | maps           | waits       |
/// | acquire CATCH, interrupted   | hit    | hit      | maps   | maps           | null        |
/// | close, page has other leases | stays  | -        | -      | -              | stays       |
/// | close, last lease of a page  | idles  | -        | -      | -              | wakes       |
///
/// While a thread maps a window onto the page, a thread that acquires the page looks for the end of the mapping for
/// some milliseconds, and shares the window then. After that, acquires that may not wait get null.
///
/// ## Work and locks
///
/// | operation | work | lock |
/// |---|---|---|
/// | acquire from a direct map, hit of a window | constant | none |
/// | release | constant | none; the last one of a window that a search passed over tries a short one |
/// | miss of a window | a step in a heap of windows, and one for each hit since the last search | short, twice |
/// | end of a mapping | the waiters for the page | short, given up after each 64 waiters |
/// | beginning to wait, giving up | a few steps in two trees of pages | short |
/// | taking or giving records | constant, once in 16 leases | none; for 128 new records a short one |
/// | statistics | the number of stripes | none |
/// | close | windows and records | long, over calls of the kernel; misses wait for it |
///
/// A short lock is a [io.leasehold.memory.ShortLock], held for a few times 64 steps at most. No thread is woken under
/// it, and no call of the kernel is made. `WindowClaimsWorkTest` counts the steps.
///
/// ## Why
///
/// * **A record a lease, not a count a window.** With a count alone a double close ends the lease of another holder,
///   and a stale holder looks like a new one. A record has a generation that each close and each hand-over moves on, so
///   both are found always, and the message can name the page.
/// * **One compare-and-set a close.** The word that a close expects follows from the handle alone: it is check and
///   transition in one. A confined lease is ended by a plain store, as no other thread may change its word.
/// * **No record for a confined object of a direct map.** There is nothing to give back and no thread to race with, so
///   two fields are all its state and the JIT keeps them in registers: 4 ns a lease, where a record costs 14. A handle
///   is a number, has no fields, and needs its record; confined or shared it costs the same there.
/// * **No Arena for each lease.** `Arena.ofShared().close()` stops every thread of the process to see that none is
///   inside: 54 us measured here, against 15 ns for a lease. So a view of the memory is checked when it is made,
///   and the accessors check each time.
/// * **Hits take no lock**, by the lazy queueing of DragonFly, 2004: a hit leaves its window where it is in the order
///   of releases, and a search for a victim passes over it. A heap of stamps keeps that order; a linked list would
///   need the lock at each hit and each release.
/// * **Waiters are served strictly in turn**, unlike in the original, where a newcomer may take the window that woke
///   another thread, and one request may sleep without bound. A window that becomes free is granted to the first waiter
///   before that waiter runs. So no newcomer comes between, each release wakes one waiter, and a waiter sleeps once.
/// * **Waiters are indexed by page**, as the original shares one window among all that want its page. A mapping serves
///   the waiters for its page and looks at no other. It looked at all of them before: with 64 windows and 64, 1,000,
///   10,000 and 100,000 virtual threads a lease took 3.7, 6.0, 7.3 and 26 us of processor, and takes 3.9, 5.2, 4.4 and
///   5.1 us now (two cores, 2026-11-29).
/// * **Mapping without the lock.** The window is BUSY and linked to its page before the call, so two threads that miss
///   one page never make two windows for it, the race that the original has. With the lock held over the call, each
///   other miss and each release with waiters would wait for the kernel.
/// * **A release does not wait.** It leaves its window on a stack, and the holder of the lock takes the stack in when
///   it unlocks. A holder that lost its processor holds up misses, but no release.
/// * **Windows have one size, and are charged when the pool opens.** A window that changed its size would move its
///   neighbours, and a pool that ran into the limit of mappings in the middle of its life would take the JVM with it.
/// * **Counts live in the stripe of each thread.** A common counter of used windows would put all threads on one cache
///   line at every hit; a sum over stripes is as exact while no thread changes it.
/// * **Free records are linked through the records.** An array of them would have to grow, and be copied, when a burst
///   of leases ends.
///
/// (2026-11)
@NullMarked
package io.leasehold.lease;

import org.jspecify.annotations.NullMarked;
