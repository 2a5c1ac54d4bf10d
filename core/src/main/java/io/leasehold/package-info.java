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
