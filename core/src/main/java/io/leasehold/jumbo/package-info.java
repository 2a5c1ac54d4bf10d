/// Pools of disposable page-sized buffers for network adapters: jumbo(9), with pools that grow and shrink, and with
/// pages whose state is checked.
///
/// ```text
///   JumboPool             the public facade: allocate, free, arm, translate
///     PageExchange        steal, flip and adopt: pages that change their owner
///     PageBulk            many pages with one entry into a magazine
///     Shards              for each thread: a magazine and a RemoteFreeQueue
///       ShardDrain        moves all free pages of the shards into the slab pool
///       ShardCounts       sums over the slots
///     PageSupply          the slow path: runs when a magazine is empty or full
///       JumboSlabPool     pages that are free in their slab, limits, counts; one lock
///         JumboSlabs      all slabs: idle, busy, with a free page
///           JumboSlab     a run that is split into pages
///       SlabReclaimer     gives idle slabs back, a few at a time
///       Backpressure      watermarks, and tasks that wait for a page
///         Pressure        the state of Backpressure
///       JumboReport       JumboStats
///     JumboPage           one page: its state word, its address, its object
///     PageTable           page numbers and addresses
///     JumboMemory         page run ---> wired ---> lease
///     JumboErrors         the exceptions
///     JumboBinder         creates the object of a page
///     PressureListener    is notified when pages become scarce
/// ```
///
/// ## The way of a page
///
/// 1. A thread calls `allocate()`. If the magazine of the thread has a page, the page is returned. This is the fast
///    path.
/// 2. Otherwise `PageSupply` takes the pages that other threads freed into the queue of this shard, then pages of the
///    slab pool.
/// 3. If the slab pool has no free page, other shards are drained, or a slab is allocated from the arena, wired and
///    leased.
/// 4. The caller arms the page, the kernel fills it, and the caller receives it again. The handle stays the same.
/// 5. Any thread frees the page. One compare-and-set on the word of the page starts its next generation.
/// 6. The page is pushed into the magazine of the releasing thread if no other shard owns the page. Otherwise it is
///    pushed into the queue of its owner shard.
/// 7. A drain moves the free pages of all shards into the slab pool. A slab that has had no page in use for a while
///    goes back to the arena.
///
/// ## Cost
///
/// Work is in proportion to what changed, not to the size of the pool.
///
/// * The slot of a thread is shut until the thread frees a page or takes pages from the slab pool, and again after each
///   drain. While no slot is open, a drain does nothing. While nothing changed,
///   [decay][io.leasehold.page.service.PageReclaimer#decay] and
///   [shrink][io.leasehold.page.service.PageReclaimer#shrink] read a few words.
/// * The lock of the slab pool is held to move half a magazine, a batch of 64 pages, or 8 slabs. The arena and the
///   kernel are called without this lock.
/// * Statistics are counters. Slots count armed pages, and the slab pool counts stolen pages. Deferred frees have
///   a counter of their own, because they are rare. The remaining pages are leased.
/// * A page that comes to the slab pool notifies as many waiting tasks as there are free pages. Threads that want a
///   slab while another thread asks the arena share one failure.
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
/// | state         | address | free    | arm     | receive | hold    | unhold  | steal   | flip    | adopt   |
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
/// | jumbo(9) | here |
/// |---|---|
/// | 3,072 pages, allocated once | slabs are added within `maxPages`, the arena and its budget, and given back |
/// | one lock, and a second lock for freeing | one lock for half a magazine of pages; no lock on the fast path |
/// | freeing overwrites the address of any free entry | each page has its own word; one compare-and-set frees it |
/// | a double free gives one address to two callers | the second free throws, and names the page and the last thread |
/// | freeing a held page leaks it and its address | the free is deferred and counted; the last `unhold` completes it |
/// | a part of the initial pages counts as success | all initial pages, or none; it can be repeated |
/// | no page: null, without a signal | counted; a listener can stop receivers, and waiting tasks are notified |
/// | translation clears a flag, and is wrong after a flip | arithmetic; foreign addresses have a result of their own |
/// | a flipped page shows the bytes behind the payload | the bytes behind the payload are zero |
/// | one private counter | [JumboStats][io.leasehold.jumbo.JumboStats] |
///
/// ## Why
///
/// * **A number, an address and a handle.** The number of a page is the index of its slab in the arena and the index of
///   the page in the slab. So number and address follow from each other by arithmetic over the one reservation of the
///   arena. An AF_XDP back end will need that. Slabs lie at multiples of their size for this reason, so they are at
///   most 2 MiB. A handle is the number with a tag of the pool and a generation.
/// * **One word, one compare-and-set.** The word that a release expects follows from its handle. So check and
///   transition are one step, and that step comes before the page is pushed anywhere. Therefore magazines and queues
///   never contain a page twice, and a push into a queue need not check for a full queue.
/// * **Freeing writes to the page, allocating does not.** The compare-and-set of a release sets the word of the next
///   generation, and magazines and queues contain the next handle. So an allocation does not read the page. If one
///   thread fills pages and another thread frees them, the word stays in the cache of the second thread. A page that is
///   handed over costs 12 ns instead of 23 ns, and a page that stays with one thread 9 ns instead of 11.5 ns (4.1 GHz;
///   the compare-and-set is 5 ns of it). The price: a word does not tell a free page from a leased page. Statistics
///   subtract the free pages. An error that reports the state, and a query of the state, look for the page in all
///   magazines and queues.
/// * **Magazines in biased slots** ([io.leasehold.memory.BiasedSlots]), as for pages and blocks. Entering the slot
///   makes the thread visible, and a reclaimer can flush the magazine. If idle threads kept pages for ever, the limit
///   would not be exact and the pool could not shrink.
/// * **A page that another thread frees returns by a queue, not by a depot.** Blocks go to the thread that frees them,
///   because any thread may need one next. Pages are filled by one event loop and freed by other threads. With
///   magazines alone they would cross the lock of the slab pool in batches: 31 ns a page in the probe, against 18 ns
///   for a fetch-and-add into a queue. A Treiber stack took 99 to 306 ns.
/// * **Queues are bounded by the pages that the shard owns.** A page keeps its owner shard while it is allocated and
///   freed. It loses the owner shard when it leaves the shard for the slab pool. A shard owns no more pages than its
///   queue has cells, and other pages go to the magazine of the thread that frees them. So the queue need not grow with
///   the number of pages, and no count is updated for each page.
/// * **A thread that pushes into a queue is in its own slot meanwhile.** A thread that shuts all slots and waits then
///   finds every free page in a magazine, a queue or the slab pool. No page is between them. Closing, shrinking and
///   back-pressure rely on this.
/// * **Stealing changes owners, not mappings.** Moving a page by mremap(2) takes 7 to 8 us, and the hole is faulted in
///   anew; copying 4 KiB takes 0.9 us. So a stolen page stays at its address. Its owner uses it under the next
///   generation, and the pool uses another page in its place.
/// * **One page in use keeps its slab.** A slab is one wired and leased run, so it is given back as a whole or not at
///   all. Pages are allocated from the lowest slab first, so that the higher slabs become empty. Statistics show the
///   pinned bytes beside the live bytes. Alternative: end the lease and split the run around the page, as `slab` does.
///   That frees memory only until the next burst needs a whole slab again, and costs wiring and a lease for each piece.
/// * **Two handles for a flipped page**, as in the original, where the message is freed after its page is gone. One
///   handle is for the message, and one is for the page. Freeing the message makes room for another page, and does not
///   free the page. The handles may end in any order.
/// * **Under pressure no page is kept in a shard.** Free pages in shards are counted with the pages in use. Therefore
///   the high watermark is noticed a little early, and is checked after a drain of all shards. Afterwards each freed
///   page goes to the slab pool. So the thread that brings the count down to the low watermark notices it, even if the
///   thread that allocated the pages is idle. The same holds while a task waits for a page.
/// * **Armed pages are not counted as in use.** They stay with the kernel as long as a thread wants to receive. If they
///   were counted, they alone could keep the count above the low watermark for ever. Each thread counts in its slot,
///   without an atomic operation. If pages are received and no other page is allocated, the change is noticed with the
///   next allocation.
/// * **The thread that needs a slab adds it, without a helper thread.** A slab needs a run of the arena, one lock,
///   perhaps one system call, and one object for each page. The first touch of the pages happens in the thread that
///   writes them, and a slab that is prepared ahead would not save it. A reclaimer may not allocate, so the maintenance
///   thread could not add slabs either.
/// * **The clock of the arena.** Slabs that were not needed between two ticks are given back to the arena. A tick is an
///   eighth of the decay time. The arena decommits the memory later.
/// * **Words and objects go with their slab.** One generation stays for each slab index, and the next slab there
///   continues from it. So a stale handle is detected until the generation of its page wraps, after 2^28 generations.
///
/// (2026-11)
@NullMarked
package io.leasehold.jumbo;

import org.jspecify.annotations.NullMarked;
