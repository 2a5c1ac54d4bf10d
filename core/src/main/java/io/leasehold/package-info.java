/// Off-heap memory for network servers, handed out as leases.
///
/// A page of memory is allocated from an arena. A lease is the right to use pages at an address until the lease is
/// closed. Buffers for Netty, pages for network cards and windows on files are all built on leases.
///
/// This package contains no code. It explains the architecture, the terms and the rules that hold in all packages.
///
/// ## Layers
///
/// A package imports only packages in lower layers, and none in its own layer. `HouseRulesTest` checks this and keeps
/// the diagram true.
///
/// ```text
/// L11  agent                                         puts the allocator under servers without an option
/// L10  netty    agrona   datagram jetty    undertow  leases as buffers of other libraries
/// L9   observe                                       memory in numbers: counters, beans, meters
/// L8   slab     jumbo    window                      small blocks | NIC buffers | file windows
/// L7   lease                                         temporary mappings of pages (sf_buf)
/// L6   page                                          page frames, wiring, runs, decommit (vm_page)
/// L5   holder                                        names and samples of holders
/// L4   budget                                        limits for bytes
/// L3   memory                                        address ranges, alignment, ordered words
/// L2   os                                            system calls: mmap, madvise, memfd, mlock, sockets
/// L1   error    event                                errors that users can catch | events of the flight recorder
/// L0   text                                          text that is the same in every locale
/// ```
///
/// ## From mmap to a Netty buffer and back
///
/// 1. [PageArena][io.leasehold.page.PageArena] reserves several times its limit in address space, by one `mmap` with
///    no access rights. No memory is used yet.
/// 2. An event loop calls `directBuffer(n)` on
///    [LeasedByteBufAllocator][io.leasehold.netty.LeasedByteBufAllocator]. A table look-up turns `n` into a size class.
/// 3. The thread's magazine for that class is a stack of block numbers in a slot that is biased to the thread
///    ([BiasedSlots][io.leasehold.memory.BiasedSlots]). If it has a block, this is the fast path: continue with step 9.
/// 4. If the magazine is empty, [SlabHeap][io.leasehold.slab.SlabHeap] takes a batch of blocks from the depot of the
///    class, or from a slab that has free blocks. While memory is plentiful, a free block of one of the next three
///    classes is taken too.
/// 5. If there is no such block, the heap carves a new slab: it allocates a run of pages from the arena. The arena
///    searches its free runs and commits the pages (`mprotect`).
/// 6. Step 5 commits only pages that are paid for: the arena first charges their bytes to a
///    [MemoryBudget][io.leasehold.budget.MemoryBudget]. If the budget is full, the reclaimers of the arena give back
///    what they cache, and then those of other arenas that share the budget. If that is not enough, the request is
///    refused. The allocator then throws an `OutOfMemoryError` that names the limit and the holders.
/// 7. The pages are wired, so that they cannot be freed, and one [Lease][io.leasehold.lease.Lease] is acquired on
///    the run. Every slab holds exactly one lease.
/// 8. The first time a block is used, a buffer object is bound to it. Object and block are recycled together.
/// 9. The count of the buffer is set to one and its indices to zero. The caller owns the buffer.
/// 10. `release()` sets the count from one to zero with one compare-and-set, and pushes the block on the magazine of
///     the *releasing* thread. A full magazine first gives its older half to the depot.
/// 11. Blocks that are not used again decay: the maintenance thread flushes magazines, and frees slabs that are empty
///     beyond a bound. The lease is closed, the pages are unwired and freed to the arena.
/// 12. The maintenance thread decommits pages that stay free for the decay time, in batches (`madvise`), and takes
///     their bytes off the budget. A thread that needs memory at the limit does so earlier. The address space stays
///     reserved until the arena is closed.
///
/// `io.leasehold.jumbo` describes the way of a page of a pool, and `io.leasehold.window` that of a file window.
///
/// ## Terms
///
/// | term | meaning |
/// |---|---|
/// | page | the unit of an arena, a multiple of the page size of the kernel |
/// | run | adjacent pages that are allocated together |
/// | pageblock | 512 adjacent pages, for which a summary is kept |
/// | arena | a reserved range of addresses, and the free and used pages in it |
/// | commit, decommit | make pages accessible; give their memory back to the kernel |
/// | charge | count bytes against a budget; the committed bytes of statistics are the charged ones |
/// | wire, hold | counts that keep a page from being freed (`vm_page_wire`, `vm_page_hold`); wiring may lock it |
/// | lease | the right to use a run at an address until it is closed (`sf_buf`) |
/// | window | a part of a file that is mapped (`ubc`), or in `lease` a recycled mapping of a run |
/// | block | a piece of a slab, of one size class |
/// | slab | a run that is cut into blocks of one size |
/// | magazine, depot | the free blocks that a thread caches; the batches of free blocks that all threads share |
/// | pool | a supply of equal things to take and give back: frames, blocks of a class, leases, windows, NIC pages |
/// | shard | a part of a pool that one thread at a time allocates from |
/// | owner shard | the shard that a page was allocated from and is freed to |
/// | handle | a 64-bit number for a page, lease or block, with a tag of its owner and a generation |
/// | generation | a count in a handle that changes at each reuse, so that a stale handle is detected |
/// | biased slot | cells that one thread uses without a fence, until a revocation |
/// | revocation | shutting the gate of biased slots, a `membarrier`, and a visit to each slot |
/// | reclaimer | an owner of cached pages that gives them back when an allocation finds none |
/// | decay | giving back what was not used for a while |
/// | retain | keep without a user for the next one: an empty slab, or the addresses of a closed arena |
/// | budget | a limit for bytes, with an optional parent |
/// | outstanding, in use | allocated and not yet freed |
/// | portable form | what works without native access, in one bounded segment |
/// | seam | an interface of `os` that tests replace to inject failures |
///
/// ## Ownership
///
/// 1. The caller that acquires a lease closes it exactly once.
/// 2. Handing a lease over hands over the duty to close it. The giver does not use it afterwards.
/// 3. Memory is reached through a handle only after its owner has checked the generation of the handle.
///
/// The same rules hold for what leases consist of. A page that was allocated is freed, a page that was wired is
/// unwired, and a region that was reserved is closed: once, by its owner.
///
/// **Close.** Closing an object in use throws an exception that names what is in use, and changes nothing.
/// `closeForcibly` closes it even so: memory that is still in use keeps its addresses, and no other owner gets them.
///
/// ## Threads
///
/// A letter in the comment beside a field says which threads may use it:
///
/// | letter | used by |
/// |---|---|
/// | (C) | all threads: constant after construction |
/// | (O) | the owner thread |
/// | (P) | the producer thread |
/// | (K) | the consumer thread |
/// | (L) | the thread that holds the lock named after the letter |
/// | (A) | all threads, atomically, in the order named after the letter |
///
/// A field may have two letters. One of the two conditions lets a thread read it. Both together let a thread write it.
/// So the owner reads a field marked (O, L) at any time, and writes it under the lock. A word behind a letter names an
/// exception: "(L), read by wake".
///
/// **Interrupts.** A method that waits and declares `InterruptedException` throws it and takes nothing. Other methods
/// do not react to an interrupt and leave the interrupt status set. A lease that is acquired with
/// [CATCH][io.leasehold.lease.LeaseFlag#CATCH] is the exception: an interrupt ends the wait without a lease.
///
/// ## Slow paths and background work
///
/// The fast path of every layer uses only what its thread owns. All other work follows one law. Tests that count work
/// check it, for example `SlabGrowthTest` and `PageGrowthTest`.
///
/// 1. **Work is in proportion to what changed, never to what is held.** A size class, a slab, a group of pages, an
///    arena or an allocator that did not change since the last step is not visited again. An arena with nothing to
///    give back rests until pages are freed.
/// 2. **A lock that an allocation or a release may need is a [ShortLock][io.leasehold.memory.ShortLock].** It is held
///    for at most 100 us. Background work takes it again for each step, behind the threads that wait for it. While it
///    is held, no system call is made, except to commit pages, to unlock wired pages, to wake a thread, and to start
///    the maintenance thread if it has ended. `FramePool.lock` is a short lock: it guards the pages of an arena and
///    their commit. These locks are not short:
///    * `PageSupply.growLock` guards the growth of a NIC pool, and may be held across system calls. Only slow paths
///      take it.
///    * `ShardDrain.lock`, `SlabReclaimer.lock`, `HeapReclaimer.lock` and `FrameReclaimer.flushLock` are held across a
///      memory barrier, or while pages are unwired. Background work, statistics, trim and close take them, and a
///      thread that found no memory.
///    * A listener runs under `Pressure.notifying`. Only a thread that finds the pages of a NIC pool scarce waits.
///
///    A thread that holds a short lock takes none of these.
/// 3. **A release of a block does not wait for the lock of its size class.** The block goes to the magazine of the
///    thread. A full magazine first gives its older half to the depot. If the lock is taken, the thread that holds it
///    frees what is too much in the depot. A release waits only if no batch can be made for the depot: the Java heap is
///    full, there are 4,096 batches, or the heap was closed by force. A release that empties a slab may free its pages
///    to the arena, under the lock of the arena.
/// 4. **Background work uses at most 5 % of a processor**, averaged over ten seconds
///    ([Pace][io.leasehold.page.service.Pace]). Work beyond that is done later.
/// 5. **Under memory pressure one thread reclaims, and the other threads use what it found.** A request that is
///    refused, and is repeated before anything was freed, only compares a few counters. After a reclaim without
///    success, flushing the caches of other threads takes at most 5 % of the time.
///
/// ## Nulls
///
/// No parameter, result or field is null unless it is marked [Nullable][org.jspecify.annotations.Nullable]. The effect
/// of passing null to any other parameter is not specified.
///
/// ## Units
///
/// Sizes, offsets and addresses are `long`s in bytes, and a name that ends in `Nanos` counts nanoseconds.
@NullMarked
package io.leasehold;

import org.jspecify.annotations.NullMarked;
