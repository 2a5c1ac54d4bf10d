/// Off-heap memory for network servers, lent as leases: pages are the land, a lease is the right to use some of it at
/// an address until it is closed.
///
/// This package holds nothing but this text. The house is built in floors, and a package imports only packages below
/// it, never a sibling on its floor. `HouseRulesTest` says so and keeps this picture true; floors that are not built
/// yet stand in it too.
///
/// ```text
/// L6   agent                           puts the allocator under servers that offer no option
/// L5   netty    agrona   observe       other people's words for a lease
/// L4   slab     jumbo    window        small blocks | NIC buffers | file windows
/// L3   lease                           who may touch memory, at which address, until when (sf_buf)
/// L2   page                            page frames, wiring, runs, giving memory back (vm_page)
/// L1   memory                          address ranges we own, alignment, budgets, ordered words
/// L0   os                              what the kernel gives: mmap, madvise, memfd, mlock, errno
/// ```
///
/// ## Ownership
///
/// 1. Who acquires a lease closes it, exactly once.
/// 2. Handing a lease over hands over the duty to close it; it is not touched afterwards.
/// 3. Nobody gets memory from a handle before its owner has checked the handle's generation.
///
/// The same holds for what leases are made of: a page that was allocated is freed, one that was wired is unwired, and
/// a region that was reserved is closed, once and by whoever holds it.
///
/// ## Threads
///
/// A field says who may touch it by a letter in the comment beside it:
///
/// | letter | touched by |
/// |---|---|
/// | (C) | anyone: constant after construction |
/// | (O) | its owner thread alone |
/// | (P) | the producer alone |
/// | (K) | the consumer alone |
/// | (L) | who holds the lock named after it |
/// | (A) | anyone, atomically, in the order named after it |
///
/// Of two letters either is enough to read, and both are needed to write.
///
/// ## Slow paths and background work
///
/// The fast path of every layer works on what its thread has for itself. For everything else one law holds, and tests
/// that count work keep it (`SlabGrowthTest`, `PageGrowthTest` and their like):
///
/// 1. **Work is in proportion to what changed, never to what is held.** What nothing touched since the last look is not
///    looked at again: a size class, a slab, a block of pages, an arena, an allocator. An arena with nothing to give
///    back rests until something is freed.
/// 2. **A lock that an allocation or a release may need is held for a hundred microseconds at most**, and handed over:
///    background work takes it for each step anew, behind the threads that wait
///    ([ShortLock][io.leasehold.memory.ShortLock]). No call of the kernel is made under it, but for a commit of address
///    space, and no other lock that is held longer is taken.
/// 3. **A release does not wait.** If a lock is taken, what is released stays where the holder of the lock finds it.
/// 4. **Background work takes one twentieth of a processor**, averaged over two seconds, and goes on later if that is
///    not enough ([Pace][io.leasehold.page.Pace]).
/// 5. **Under memory pressure the threads that need memory look for it**, one at a time; the others use what it found.
///    A request that is refused again looks at what was freed since, and if that is nothing, at a few words. It
///    disturbs the caches of other threads, once that was in vain, for one twentieth of the time.
///
/// ## Nulls
///
/// No parameter, result or field is null unless it is marked [Nullable][org.jspecify.annotations.Nullable]; what
/// happens to a null that is passed all the same is not specified.
///
/// ## Units
///
/// Sizes, offsets and addresses are `long`s in bytes, and a name that ends in `Nanos` counts nanoseconds.
@NullMarked
package io.leasehold;

import org.jspecify.annotations.NullMarked;
