/// Leases: who may touch a page, at which address, until when; sf_buf(9) with ends that are checked.
///
/// ```text
///   LeasePool      what users see: acquire, hand over, release, close     Lease       one lease as an object
///     LeaseRecords   for each open lease its page, address and holder       Releaser    the seam to other owners
///     Stripes        what each thread keeps: free records, counts           LeaseTraces who did it, if asked for
///     PageMap        where pages appear
///       DirectMap      at their own addresses
///       WindowedMap    at windows that come and go, one lock for misses
///         WindowSlots    windows by page, no lock for hits
///         ReleaseOrder   which window is recycled next
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
/// (`stays`), or for the next lease on its page (`idles`), or for the first waiter (`wakes`).
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
/// ## Why
///
/// * **A record a lease, not a count a window.** With a count alone a double close takes the lease of somebody else,
///   and a stale holder looks like a new one. A record has a generation that each close and each hand-over moves on, so
///   both are found always, and the finder can be told whose page it was.
/// * **One compare-and-set a close.** The word that a close expects follows from the handle alone: it is check and
///   transition in one. A confined lease is ended by a plain store, as nobody else may change its word.
/// * **No record for a confined object of a direct map.** There is nothing to give back and nobody to race with, so two
///   fields are all its state and the JIT keeps them in registers: 4 ns a lease, where a record costs 14. A handle is a
///   number, has no fields, and needs its record; confined or shared it costs the same there.
/// * **No Arena for each lease.** `Arena.ofShared().close()` stops every thread of the process to see that none is
///   inside: 54 us measured here, against 15 ns for a lease. So a view of the memory is checked when it is made,
///   and the accessors check each time.
/// * **Hits take no lock**, by the lazy queueing of DragonFly, 2004: a hit leaves its window where it is in the order
///   of releases, and whoever looks for a victim passes over it. A heap of stamps keeps that order; a linked list would
///   need the lock at each hit and each release.
/// * **Waiters are served strictly in turn**, unlike in the original, where a newcomer may take the window that woke
///   somebody, and one request may sleep without bound. A waiter that gives up wakes the next one.
/// * **The lock is held over the mapping call.** Two threads that miss one page would make two windows for it
///   otherwise, the race that the original has; and who waits for a page that is mapped meanwhile gets that window.
/// * **Windows have one size, and are charged when the pool opens.** A window that changed its size would move its
///   neighbours, and a pool that ran into the limit of mappings in the middle of its life would take the JVM with it.
/// * **Counts live in the stripe of each thread.** A common counter of used windows would put all threads on one cache
///   line at every hit; a sum over stripes is as exact when nobody changes it.
///
/// (2026-11)
@NullMarked
package io.leasehold.lease;

import org.jspecify.annotations.NullMarked;
