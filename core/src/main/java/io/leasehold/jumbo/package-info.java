/// Jumbo pools: disposable page-sized buffers for network adapters; jumbo(9) with growth, shrinking and ends that are
/// checked.
///
/// ```text
///   JumboPool        what users see: allocate, release, arm, translate      JumboBinder       makes page objects
///     PageExchange     pages that change their owner, and come back         PressureListener  is told to read less
///     PageBulk         many pages with one entry into a magazine
///     Shards           what each thread keeps: a magazine and a RemoteFreeQueue  JumboPage         one page: its word
///       ShardDrain       all free pages, into the pool                      PageTable         numbers, addresses
///       ShardCounts      sums over the slots
///     PageSupply       where pages come from when a magazine is empty       JumboErrors       what it refuses
///       JumboSlabPool        pages at home, bounds and counts, one lock         JumboReport       JumboStats
///         JumboSlabs       slabs: idle, busy, with a page at home
///           JumboSlab        a run cut into pages
///       SlabReclaimer    idle slabs, a few at a time, back to JumboMemory: page run ---> wired ---> lease
///       Backpressure     too many pages with holders, and tasks that wait   Pressure          the state of that
///   DatagramPort     a UDP port, for both of these
///     DatagramPortOptions, DatagramFeature                                  what a port asks for, what there is
///   DatagramSource   GRO batches, a page each                               JumboDatagram     one while it is handled
///   DatagramSender   pages and ranges as GSO batches                        SegmentCursor     the datagrams of a batch
/// ```
///
/// ## Cost
///
/// Work is in proportion to what changed, not to what is held.
///
/// * A slot is shut until its thread frees a page, and after each drain. While no slot is open a drain does nothing,
///   and while nothing changed [decay][io.leasehold.page.PageReclaimer#decay] and
///   [shrink][io.leasehold.page.PageReclaimer#shrink] read a few words.
/// * The lock of the pool is held to move half a magazine, or a batch of 64 pages, or 8 slabs. The arena and the kernel
///   are called without it.
/// * Statistics are counters: slots count what is armed, the pool what is stolen; held pages are counted as that is
///   rare; leased pages are the rest.
/// * A page that comes to the pool tells as many waiting tasks as there are pages. Threads that want a slab while
///   another thread asks the arena share one refusal.
///
/// ## Situations of a handle
///
/// The first column names a situation that a handle can be in. The table of the next section uses these names.
///
/// | situation     | what happened                                             | which handle is used           |
/// |---------------|-----------------------------------------------------------|--------------------------------|
/// | LEASED        | the page was allocated                                    | the handle from `allocate`     |
/// | ARMED         | the page was allocated and armed                          | the handle from `allocate`     |
/// | HELD          | the page was allocated and held; its state is LEASED      | the handle from `allocate`     |
/// | FLIPPED       | the page was flipped                                      | the handle of the message      |
/// | CONSUMER      | the page was flipped                                      | the handle from `flip`         |
/// | STOLEN        | the page was stolen                                       | the handle from `steal`        |
/// | OLD HANDLE    | the page was stolen                                       | the old handle of the page     |
/// | DEFERRED_FREE | the page was held, then freed; the hold is still there    | the handle from `allocate`     |
/// | FREED         | the page was freed                                        | the handle that freed the page |
/// | RECYCLED      | the page was freed, and allocated again                   | the handle that freed the page |
/// | REMOVED       | the page was freed, and has gone with its slab            | the handle that freed the page |
/// | FOREIGN       | the page was allocated from another pool                  | the handle from that pool      |
/// | POOL CLOSED   | the pool was closed by force while the page was allocated | the handle from `allocate`     |
///
/// ## What a call does in each state of a page
///
/// A cell in lower case says what the call does. A cell in upper case is the kind of the
/// [JumboStateException][io.leasehold.jumbo.JumboStateException] that the call throws; nothing is changed then.
/// `JumboStatesTest` reads the table and tries each cell.
///
/// | state         | address | release | arm     | receive | hold    | unhold  | steal   | flip    | adopt   |
/// |---------------|---------|---------|---------|---------|---------|---------|---------|---------|---------|
/// | LEASED        | value   | frees   | arms    | LEASED  | holds   | LEASED  | steals  | flips   | LEASED  |
/// | ARMED         | value   | ARMED   | ARMED   | leases  | ARMED   | ARMED   | ARMED   | ARMED   | ARMED   |
/// | HELD          | value   | defers  | HELD    | HELD    | holds   | unholds | HELD    | copies  | HELD    |
/// | FLIPPED       | value   | frees   | FLIPPED | FLIPPED | FLIPPED | FLIPPED | FLIPPED | FLIPPED | FLIPPED |
/// | CONSUMER      | value   | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | adopts  |
/// | STOLEN        | value   | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | adopts  |
/// | OLD HANDLE    | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  |
/// | DEFERRED_FREE | value   | FREED   | FREED   | FREED   | FREED   | unholds | FREED   | FREED   | FREED   |
/// | FREED         | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   |
/// | RECYCLED      | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   |
/// | REMOVED       | REMOVED | REMOVED | REMOVED | REMOVED | REMOVED | REMOVED | REMOVED | REMOVED | REMOVED |
/// | FOREIGN       | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN |
/// | POOL CLOSED   | CLOSED  | frees   | arms    | LEASED  | holds   | LEASED  | steals  | CLOSED  | LEASED  |
///
/// ## What became of jumbo(9)
///
/// | there | here |
/// |---|---|
/// | 3,072 pages, once and for all | a slab at a time, as far as a bound, the arena and its budget allow, and back |
/// | one lock, and a second one around freeing | a lock for half a magazine of pages; none as a rule |
/// | freeing takes any entry and overwrites its address | a page has its own word, and one compare-and-set frees it |
/// | freeing twice gives one address to two | the second one is told which page it is, and which thread had it last |
/// | freeing a held page leaks it and its address | it waits until it is not held, is counted, and is free then |
/// | a part of the pool counts as success | all of what was asked for, or nothing, and it can be tried again |
/// | no page: null, and no one is told | it is counted, a listener can stop receivers, and waiting tasks are told |
/// | translation clears a flag, and is wrong after a flip | arithmetic; what is not the pool's is an answer |
/// | flipped pages show what was behind the payload | zeroes |
/// | one counter, private | [JumboStats][io.leasehold.jumbo.JumboStats] |
///
/// ## Why
///
/// * **A number, an address and a handle.** A page's number is its slab's place in the arena and its index there, so
///   number and address follow from each other by arithmetic over the one reservation of the arena, as an AF_XDP back
///   end will want it. Slabs lie at multiples of their size for that, so they are at most 2 MiB. A handle is the number
///   with a generation, good for one life.
/// * **One word, one compare-and-set.** The word that a release expects follows from its handle: check and transition
///   are one step, which comes before the page is pushed anywhere. So magazines and pools never see a page twice, and
///   the pools need no check for being full.
/// * **Freeing writes to the page, allocating does not.** The compare-and-set of a release makes the word that of the
///   next life, and magazines and pools keep that life's handle. So an allocation looks at no page, and of pages that
///   one thread fills and another frees the word stays in the cache of the second: 12 ns a page handed over in place of
///   23, 9 ns in place of 11.5 for one thread's (4.1 GHz, of which the compare-and-set is 5). The price is that a word
///   does not tell a free page from a leased one: statistics subtract the free pages, and an error that wants to say
///   which it was looks for the page in all magazines.
/// * **Magazines in biased slots** ([io.leasehold.memory.BiasedSlots]), as pages and blocks have them: entering the
///   slot tells the thread, and a reclaimer can empty it. Were pages stranded with idle threads, the bound would not be
///   exact and nothing could shrink.
/// * **A page that another thread frees returns by a pool, not through a depot.** Blocks go to the thread that frees
///   them, since any thread may need one next. Pages of a pool are filled by one event loop and freed by others: with
///   magazines alone they would cross the pool's lock in batches, 31 ns a page in the probe, against 18 for a
///   fetch-and-add into a pool. A Treiber stack took 99 to 306 ns.
/// * **Pools bounded by the pages that the shard owns.** A page keeps its owner shard while it goes out and comes back,
///   and loses it when it leaves the shard for the pool. A shard owns no more pages than its pool has cells, and the
///   others go to the thread that frees them. So the pool need not grow with the number of pages, and no count is kept
///   at each turn.
/// * **A thread that pushes into a pool is in its own slot meanwhile.** A thread that shuts all slots and waits then
///   finds every free page in a magazine, a pool or the pool, and none on its way. Closing, shrinking and back-pressure
///   rest on that.
/// * **Stealing changes owners, not mappings.** Moving a page by mremap(2) takes 7 to 8 us and the hole is faulted in
///   anew, against 0.9 us for a copy of 4 KiB; so a stolen page stays where it is, is owned by the thief under a
///   generation of its own, and the pool takes another one in its place.
/// * **One page in use keeps its slab.** A slab is one wired and leased run, so it goes as a whole or not at all. Pages
///   are allocated from the lowest slab on, so that the others empty; statistics show the pinned bytes beside the live
///   ones. Alternative: end the lease and split the run around the page, as `slab` does. It frees memory only until the
///   next burst needs a whole slab again, and costs wiring and a lease for each piece.
/// * **Two handles for a flipped page**, as in the original, where the message is freed after its page is gone: one for
///   the place in the pool, one for the page. Freeing the message frees the place, not the page. Whichever ends first,
///   the other one is still good.
/// * **Under pressure no page is kept in a shard.** Pages in shards count as with holders; the high watermark is
///   therefore seen a little early, and checked after all shards were drained. From then on each page goes through the
///   pool, so the thread that brings the count below the low watermark knows it, also if the thread that allocated the
///   pages does nothing any more. The same holds while a task waits for a page.
/// * **Armed pages have no holder.** They stay with the kernel as long as a thread wants to receive, so counted as with
///   holders they alone could keep the count above the low watermark for ever. Each thread counts in its slot, which
///   costs no atomic operation. Pages that are received without another one being allocated are noticed with the next.
/// * **Grown by the thread that needs it, without a helper.** A slab is a run of an arena, one lock and perhaps one
///   system call, and as many objects as it has pages. The kernel's first touch of the pages is left to the thread that
///   writes them, and no slab made ahead saves it. A reclaimer may not allocate while it is asked to give back, so the
///   maintenance could not do it either.
/// * **The arena's clock.** Slabs that were not needed between two ticks go back, an eighth of a decay each; their
///   memory goes to the kernel when the arena says so.
/// * **Words and objects go with their slab.** One generation stays for each place where a slab was, from which the
///   next slab there goes on, so a stale handle is told from a live one for ever.
/// * **A GRO batch keeps its page.** The kernel gives forty datagrams as one range and a segment size (UDP_GRO), at a
///   twentieth of the CPU for each; to cut them into objects again would cost more than was won. So a page goes on
///   whole, and a cursor finds the datagrams in it. Smaller pages than 64 KiB get no batches: the kernel drops
///   datagrams that do not fit.
/// * **A handler takes the page or leaves it.** A small datagram is copied out and its page filled again, hot in the
///   cache, at two compare-and-sets; a datagram that is kept costs one allocation. Alternative: every page is the
///   receiver's, and forgetting one small datagram leaks 64 KiB.
/// * **No page, no receive.** Reading into a page of another kind, or reading and dropping, would hide that the
///   application keeps too many. The socket's buffer bounds the datagrams that wait, and the kernel counts those that
///   it drops then. The answer is not 0, since a thread that waits for the socket would be told at once that there is
///   something to read; a page is what it has to wait for.
/// * **A sender keeps its place.** A batch may go in part where the kernel does not cut it, so the rest is a number of
///   bytes in the sender and not the caller's arithmetic. It takes any length, as a page of 64 KiB is longer than one
///   call may send.
///
/// * **An answer leaves from where the question came**, without an option. A connected client drops an answer from
///   another address, and a server that missed an option would find out on its first machine with two addresses. So a
///   port on the wildcard asks for packet info, and the address that names a sender remembers it. Cost: a control
///   message of 40 bytes each way. Alternative: a port for each address, which misses addresses that come later.
/// * **Required or where possible, never off.** A receiver that finds no ECN reads none, and a server that needs it
///   wants no port without it. So options say what is required; what costs one control message is asked for anyway.
///
/// (2026-11)
@NullMarked
package io.leasehold.jumbo;

import org.jspecify.annotations.NullMarked;
