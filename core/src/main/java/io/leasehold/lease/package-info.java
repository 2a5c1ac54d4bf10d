/// Leases: the right to use a page, or a run of pages, at an address until the lease is closed.
///
/// The model is sf_buf(9) of FreeBSD. Unlike in FreeBSD, a call on a lease after its end is detected and throws, or
/// answers `false` to [Lease#isOpen]. For a handle this holds until its record was reused for 2^28 more leases.
///
/// ```text
///   LeasePool      what users see: acquire, hand over, free, close     Lease       one lease as an object
///     LeasePoolCloser  closes the pool, if no lease is open or by force     MemoryOwner    takes a handle back
///     LeaseRecords   for each open lease its page, address and holder       LeaseTraces stacks, if asked for
///       RecordTable    free records, in batches
///     Stripes        for each thread: free records, counts
///     PageMap        where pages appear
///       DirectMap      at their own addresses
///       WindowedMap    at windows that are recycled
///         WindowSlots    windows by page, no lock for hits
///         WindowClaims   which page gets which window, one lock for misses
///           ReleaseOrder   which window is recycled next
///           WindowWaiters  threads that wait, in order and by page       RequestTree a balanced tree of them
/// ```
///
/// ## What a call does in each state of a lease
///
/// A state is what the calling thread sees. `CONFINED` is confined to this thread, `ELSEWHERE` to another one. The pool
/// of a `POOL CLOSED` lease was closed forcibly while the lease was open. Upper case is the kind of
/// [LeaseStateException] that is thrown. `-` marks a call that only [Lease] has: an object always belongs to its own
/// pool. `LeaseStatesTest` reads both tables and tries each cell.
///
/// | call     | OPEN      | CONFINED  | ELSEWHERE | CLOSED | HANDED OVER | RECYCLED | FOREIGN | POOL CLOSED |
/// |----------|-----------|-----------|-----------|--------|-------------|----------|---------|-------------|
/// | address  | value     | value     | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
/// | page     | value     | value     | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
/// | byteSize | value     | value     | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
/// | isOpen   | true      | true      | false     | false  | false       | false    | false   | false       |
/// | segment  | value     | value     | CONFINED  | FREED  | STALE       | STALE    | -       | FREED       |
/// | getLong  | value     | value     | CONFINED  | FREED  | STALE       | STALE    | -       | FREED       |
/// | putLong  | value     | value     | CONFINED  | FREED  | STALE       | STALE    | -       | FREED       |
/// | ref      | new lease | new lease | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
/// | handOver | new lease | new lease | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
/// | adopt    | new lease | new lease | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
/// | close    | ends      | ends      | CONFINED  | FREED  | STALE       | STALE    | -       | FREED       |
/// | free     | ends      | ends      | CONFINED  | FREED  | STALE       | STALE    | FOREIGN | FREED       |
///
/// A confined [Lease] of a direct map has no record, unless the pool is traced. A field of the object stores its end.
/// Such a lease throws FREED where the table says STALE. Its pool does not count it, and can be closed while the lease
/// is open.
///
/// ## What a call does in each state of the windows
///
/// If the requested page has a window, the window is leased (`ACTIVE`) or not (`INACTIVE`). If the page has no window,
/// there are three cases. Some window never had a page (`VIRGIN`). Some window keeps another page but has no lease
/// (`OTHER INACTIVE`). Or all windows are leased for other pages (`FULL`): the request waits until one of them is
/// closed. A close leaves its window in use (`stays`), keeps its mapping for the next lease on its page (`idles`), or
/// grants it to the first waiter (`wakes`).
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
/// While one thread maps a window onto a page, another thread may acquire the page. That thread polls for the end of
/// the mapping for some milliseconds, and then shares the window. If the mapping takes longer, an acquire that may not
/// wait returns null.
///
/// ## Work and locks
///
/// | operation | work | lock |
/// |---|---|---|
/// | acquire from a direct map, hit of a window | constant | none |
/// | release | constant | none; `tryLock` of a short one by the last release of a window that left the release order |
/// | miss of a window | one step in a heap of windows, and one step for each hit since the last search | short, twice |
/// | end of a mapping | the waiters for the page | short, released after each 64 waiters |
/// | start or end of a wait | a few steps in two trees of pages | short |
/// | exchange of free records | constant, once in 16 leases | none; a short one to add 32 new records |
/// | statistics | the number of stripes | none |
/// | close | windows and records | held during system calls; misses wait for it |
///
/// A short lock is a [io.leasehold.memory.ShortLock], held for a small multiple of 64 steps at most. No thread is woken
/// under it, and no system call is made under it. `WindowClaimsWorkTest` counts the steps.
///
/// ## Why
///
/// * **One record per lease, not one count per window.** With only a count, a double close ends the lease of another
///   holder, and a stale holder cannot be told from a new one. A record has a generation, which each close and each
///   hand-over increments. So both errors are detected, and the message can name the page.
/// * **One compare-and-set per close.** The word that a close expects is computed from the handle and the calling
///   thread. So one compare-and-set checks the state and changes it. A confined lease is ended by a release store,
///   because no other thread may change its word.
/// * **No record for a confined object of a direct map.** Such an object owns no resource, and no other thread may use
///   it. Its fields are its whole state, and the JIT keeps them in registers: 4 ns per lease, against 14 ns with a
///   record. A handle is a number without fields, so it needs a record. A confined handle costs as much as a shared
///   one.
/// * **No Arena for each lease.** `Arena.ofShared().close()` stops every thread of the process to check that no thread
///   accesses the memory. This takes 54 us, measured here, against 15 ns for a lease. So `segment()` checks the lease
///   once, when the view is created, and the accessors check it each time.
/// * **Hits take no lock.** This is the lazy queueing of DragonFly BSD, 2004. A hit leaves its window at its place in
///   the release order, and a search for a victim skips windows in use. A heap of stamps keeps the order. A linked list
///   would need the lock at each hit and each release.
/// * **Waiters are served strictly in order.** In the original, a new thread may take the window that woke another
///   thread, so one request may sleep without bound. Here a window that becomes free is granted to the first waiter
///   before that waiter runs. So no new thread can overtake it, each release wakes one waiter, and a waiter sleeps
///   once.
/// * **Waiters are indexed by page**, because one window is shared by all threads that request its page, as in the
///   original. The end of a mapping serves the waiters for its page and visits no others. An earlier version visited
///   all waiters. Measured with 64 windows and 64, 1,000, 10,000 and 100,000 virtual threads, in processor time: a
///   lease took 3.7, 6.0, 7.3 and 26 us before. It takes 3.9, 5.2, 4.4 and 5.1 us now (two cores, 2026-11-29).
/// * **Mapping without the lock.** The window is BUSY and linked to its page before the system call. So two threads
///   that miss the same page never map two windows to it, a race that the original has. If the lock were held during
///   the call, every other miss and every release with waiters would wait for the kernel.
/// * **A release does not wait.** It pushes its window on a stack, and the holder of the lock empties the stack when it
///   unlocks. A lock holder that lost its processor delays misses, but no release.
/// * **Windows have one size, and their mappings are charged when the pool opens.** A window that changed its size
///   would move its neighbours. A pool that reached the kernel's limit of mappings later would end the JVM.
/// * **Each thread counts in its own stripe.** With one shared counter of used windows, all threads would write one
///   cache line at every hit. A sum over the stripes is equally exact while no thread changes it.
/// * **Free records are linked through the records.** An array of free records would have to grow, and be copied, when
///   a burst of leases ends.
///
/// (2026-11)
@NullMarked
package io.leasehold.lease;

import org.jspecify.annotations.NullMarked;
