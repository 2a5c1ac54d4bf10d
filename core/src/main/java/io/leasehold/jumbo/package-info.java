/// Jumbo rings: disposable page-sized buffers for network adapters; jumbo(9) with growth, shrinking and ends that are
/// checked.
///
/// ```text
///   JumboRing        what users see: allocate, release, arm, translate      JumboBinder       what pages are lent as
///     PageExchange     pages that become somebody's own, and come back      PressureListener  who reads less
///     PageBulk         many pages with one entry into a stack
///     Shards           what each thread keeps: a stack, and a RemoteRing    JumboPage         one page: its word
///     PageSupply       where pages come from when a stack is empty          JumboErrors       who was there last
///       Pressure         whether too many have holders, and who waits for one
///       JumboPool        pages at home, bounds and counts, one lock
///         JumboSlabs       slabs by their place in the arena: numbers and addresses
///           JumboSlab        a run cut into pages
///         JumboMemory      page run ---> wired ---> lease
///   DatagramPort     a UDP port, for both of these
///   DatagramSource   trains of datagrams, a page each         JumboDatagram     one of them, while it is handled
///   DatagramSender   pages and ranges as trains               SegmentCursor     the datagrams of a train
/// ```
///
/// ## What a call does in each state of a page
///
/// A state is what a token says of its page: `LEASED` alone, or `HELD` by others too; `FLIPPED` by the token of the
/// message, `CONSUMED` by that of the consumer; `STOLEN` by its owner's, `ROBBED` by the one it had before; `PARKED`
/// freed while held; `RETIRED` gone with its slab; `RING CLOSED` by force while it was leased. Upper case in a cell is
/// the kind of [JumboStateException][io.leasehold.jumbo.JumboStateException] that is thrown, and nothing is changed
/// then. `JumboStatesTest` reads the table and tries each cell.
///
/// | state       | address | release | arm     | receive | hold    | unhold  | steal   | flip    | adopt   |
/// |-------------|---------|---------|---------|---------|---------|---------|---------|---------|---------|
/// | LEASED      | value   | frees   | arms    | LEASED  | holds   | LEASED  | steals  | flips   | LEASED  |
/// | ARMED       | value   | ARMED   | ARMED   | leases  | ARMED   | ARMED   | ARMED   | ARMED   | ARMED   |
/// | HELD        | value   | parks   | HELD    | HELD    | holds   | unholds | HELD    | copies  | HELD    |
/// | FLIPPED     | value   | frees   | FLIPPED | FLIPPED | FLIPPED | FLIPPED | FLIPPED | FLIPPED | FLIPPED |
/// | CONSUMED    | value   | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | adopts  |
/// | STOLEN      | value   | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | adopts  |
/// | ROBBED      | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  | STOLEN  |
/// | PARKED      | value   | FREED   | FREED   | FREED   | FREED   | unholds | FREED   | FREED   | FREED   |
/// | FREED       | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   | FREED   |
/// | RECYCLED    | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   | STALE   |
/// | RETIRED     | RETIRED | RETIRED | RETIRED | RETIRED | RETIRED | RETIRED | RETIRED | RETIRED | RETIRED |
/// | FOREIGN     | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN | FOREIGN |
/// | RING CLOSED | CLOSED  | frees   | arms    | LEASED  | holds   | LEASED  | steals  | CLOSED  | LEASED  |
///
/// ## What became of jumbo(9)
///
/// | there | here |
/// |---|---|
/// | 3,072 pages, once and for all | a slab at a time, as far as a bound, the arena and its budget allow, and back |
/// | one lock, and a second one around freeing | a lock for half a stack of pages; none as a rule |
/// | freeing takes any entry and overwrites its address | a page has its own word, and one compare-and-set frees it |
/// | freeing twice gives one address to two | the second one is told which page it is and who was there last |
/// | freeing a held page leaks it and its address | it waits for its holders, is counted, and comes home |
/// | a part of the pool counts as success | all of what was asked for, or nothing, and it can be tried again |
/// | no page: null, and nobody is told | it is counted, a listener can stop what takes pages, and who waits is told |
/// | translation clears a flag, and is wrong after a flip | arithmetic; what is not the ring's is an answer |
/// | flipped pages show what was behind the payload | zeroes |
/// | one counter, private | [JumboStats][io.leasehold.jumbo.JumboStats] |
///
/// ## Why
///
/// * **A number, an address and a token.** A page's number is its slab's place in the arena and its index there, so
///   number and address follow from each other by arithmetic over the one reservation of the arena, as an AF_XDP back
///   end will want it. Slabs lie at multiples of their size for that, so they are at most 2 MiB. A token is the number
///   with a generation, good for one life.
/// * **One word, one compare-and-set.** The word that a release expects follows from its token: check and transition
///   are one step, which comes before the page is pushed anywhere. So stacks and rings never see a page twice, and the
///   rings need no check for being full.
/// * **Freeing writes to the page, lending does not.** The compare-and-set of a release makes the word that of the next
///   life, and what stacks and rings keep is that life's token. So who lends looks at no page, and of pages that one
///   thread fills and another frees the word stays in the cache of the second: 12 ns a page handed over in place of 23,
///   9 ns in place of 11.5 for one thread's (4.1 GHz, of which the compare-and-set is 5). The price is that a word does
///   not tell a free page from a lent one: statistics subtract what is in stock, and an error that wants to say which
///   it was looks for the page there.
/// * **Stacks in biased slots** ([io.leasehold.memory.BiasedSlots]), as pages and blocks have them: entering one's slot
///   tells who one is, and a reclaimer can come for what is in it. Were pages stranded with idle threads, the bound
///   would not be exact and nothing could shrink.
/// * **What others free goes home by a ring, not through a depot.** Blocks go to who frees them, since anybody may need
///   one next. Pages of a ring are filled by one event loop and freed by others: with magazines alone they would cross
///   the pool's lock in batches, 31 ns a page in the probe, against 18 for a fetch-and-add into a ring. A
///   Treiber stack took 99 to 306 ns.
/// * **Rings bounded by whom they are home to.** A page keeps its home while it goes out and comes back, and loses it
///   when it leaves the shard for the pool; a shard is home to no more pages than its ring has cells, and the others
///   come home to whoever frees them. So the ring need not grow with the number of pages, and nobody counts at each
///   turn.
/// * **Who pushes into a ring is in his own slot meanwhile.** One who shuts all slots and waits then finds every free
///   page in a stack, a ring or at home, and none on its way. Closing, shrinking and back-pressure rest on that.
/// * **Stealing changes owners, not mappings.** Moving a page by mremap(2) takes 7 to 8 us and the hole is faulted in
///   anew, against 0.9 us for a copy of 4 KiB; so a stolen page stays where it is, is owned by the thief under a
///   generation of its own, and the ring takes another one in its place.
/// * **One page out keeps its slab.** A slab is one wired and leased run, so it goes as a whole or not at all. Pages
///   are lent from the lowest slab on, so that the others empty; statistics show what is pinned beside what is live.
///   Alternative: end the lease and split the run around the page, as `slab` does. It frees memory only until the next
///   burst needs a whole slab again, and costs wiring and a lease for each piece.
/// * **Two tokens for a flipped page**, as in the original, where the message is freed after its page is gone: one for
///   the place in the ring, one for the page. Freeing the message frees the place, not the page. Whichever ends first,
///   the other one is still good.
/// * **Under pressure nothing is kept in stock.** Stock is counted as with holders; the high watermark is therefore
///   seen a little early, and checked after all stock was called home. From then on each page goes through the pool, so
///   who brings the count below the low watermark knows it, also if the thread that took the pages does nothing any
///   more. The same holds while somebody waits for a page: who frees one cannot overlook him.
/// * **Armed pages are nobody's burden.** They stay with the kernel as long as somebody wants to receive, so counted as
///   with holders they alone could keep the count above the low watermark for ever. Each thread counts in its slot,
///   which costs no atomic operation. Pages that are received without another one being taken are noticed with the
///   next.
/// * **Grown by who needs it, without a helper.** A slab is a run of an arena, one lock and perhaps one system call,
///   and as many objects as it has pages. The kernel's first touch of the pages is left to who writes them, and no slab
///   made ahead saves it. A tenant of an arena may not allocate while it is asked to give back, so the maintenance
///   could not do it either.
/// * **The arena's clock.** Slabs that were not needed between two ticks go back, an eighth of a decay each; their
///   memory goes to the kernel when the arena says so.
/// * **Words and objects go with their slab.** What stays is one generation for each place where a
///   slab was, from which the next slab there goes on, so a stale token is told from a live one for ever.
///
/// * **A train keeps its page.** The kernel gives forty datagrams as one range and a segment size (UDP_GRO), at a
///   twentieth of the CPU for each; to cut them into objects again would cost more than was won. So a page goes on
///   whole, and a cursor finds the datagrams in it. Smaller pages than 64 KiB get no trains: the kernel drops what does
///   not fit.
/// * **A handler takes the page or leaves it.** What is small is copied out and its page filled again, hot in the
///   cache, at two compare-and-sets; what is kept costs one allocation. Alternative: every page is the receiver's, and
///   forgetting one small datagram leaks 64 KiB.
/// * **No page, no receive.** Reading into a page of another kind, or reading and dropping, would hide that somebody
///   keeps too many. What waits in the socket is bounded by its buffer, and the kernel counts what it drops then. The
///   answer is not 0, since who waits for the socket would be told at once that there is something; what there is to
///   wait for is a page.
/// * **A sender keeps its place.** A train may go in part where the kernel does not cut it, so what is left is a number
///   of bytes in the sender and not the caller's arithmetic. It takes any length, as a page of 64 KiB is longer than
///   one call may send.
///
/// (2026-11)
@NullMarked
package io.leasehold.jumbo;

import org.jspecify.annotations.NullMarked;
