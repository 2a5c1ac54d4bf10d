/// Small and medium blocks of memory, cut from pages: what serves buffers of any size at the price of a few loads.
///
/// ```text
///   SlabHeap           what users see: allocate, release, grow, trim   Binder           what blocks are lent as
///     MagazineLayout     free blocks of each thread, no lock             SizeClasses      which sizes there are
///     ClassPools         the pools that were needed so far               SlabShape        how blocks lie in pages
///       ClassPool          free blocks of one size                       SlabMemory       arena | byte arrays
///         Depot              batches between magazines, no lock          RetainedSlabs    empty slabs of all sizes
///         LockedSlabs        one lock a size
///           SlabSet            which slabs have free blocks              HeapReclaimer    gives back: clock, pressure
///             FreeBlocks         a bit a block                             HeapChanges      which sizes changed
///             BlockObjects       the objects of the blocks
///             Slab               a run of pages
/// ```
///
/// ## Why
///
/// * **Ints, not references, on the free stacks.** A reference stored in an old object costs the collector's barrier
///   each time; an int costs a store. The object is found by its block, and is bound to it while the memory is there,
///   so there is no second recycler, and an object that was once warmed up comes back warm.
/// * **The cache is the releasing thread's.** Where blocks cross threads, half a magazine crosses at a time through the
///   depot of its size: one compare-and-set, whichever threads give and take.
/// * **A release does not wait.** A depot takes batches beyond its limit while the lock of the slabs is taken, and the
///   holder frees them. Ten thousand virtual threads that parked at that lock waited up to five seconds behind the
///   queue of the scheduler.
/// * **Slabs remember what changed.** A slab that got a block is looked at once, by decay or under pressure, and not
///   again before it gets another one; empty slabs are in a set of their own. Before, each tick looked at all partly
///   used slabs: releasing 1 GiB of 256 B in random order with 1 % kept took 25 s, with single releases of 54 ms.
/// * **The state of slabs is in dense arrays**, a bit a block and a count a slab. Freeing a block in random order then
///   misses the cache for the buffer and for these, and for no object a slab.
/// * **A block knows its size.** The handle has it, so that a release touches its magazine and nothing else.
/// * **256 KiB a thread.** With 128 KiB a load of many sizes, an API gateway's, found its size in the cache too
///   seldom: 73 ns a buffer instead of 63, and 512 KiB would bring 4 more. A full cache is not cleared for another
///   size: what is not needed is flushed at the next tick, and a refill takes a part of what is left, so sizes do not
///   push each other out in turn.
/// * **Empty slabs are retained, in bytes over all sizes.** They wait for their size, with the objects of their blocks;
///   beyond the limit they are freed at once, where other sizes find their pages. Without it a gateway's 26 MiB of live
///   buffers held 41 MiB instead of 34. The limit grows with what is held, since a small server needs little: an HTTP
///   server with a tenth of a megabyte of live buffers held 9.7 MiB when the limit was 2 MiB for every heap, depots had
///   128 KiB and each size kept a slab, also those of 1 MiB; now it holds 4.1. The price is a hand-over
///   between threads: with smaller depots 56 ns a block of 4 KiB, instead of 47. Large slabs have a limit of their own,
///   or a few of them would be all that is retained; one of them is retained in any case. Arrays, which cost their
///   zeroes anew each time, and locked pages have the full limit from the start.
/// * **Small slabs.** At most 16 pages: what one live block keeps from others is small. Beyond that, a slab whose
///   pages are not all needed is purged: its run is split and the pages in between are given back. Netty's chunks
///   of some hundred KiB to several MiB go as a whole or not at all.
/// * **Lowest slab first**, so that the highest become empty, and go.
/// * **What was not needed goes.** Each size knows the fewest free blocks it had in the last tick, an eighth of a
///   decay; that many are given back. A burst is over after two ticks, a steady load is left alone.
/// * **Large blocks are slabs of one block.** They are pooled like all others, their page runs wait in the pool of
///   their size for a moment, and they grow in place when the pages behind them are free.
/// * **A slab is one lease.** Pages are allocated, wired and leased once a slab; blocks are sub-let from that lease.
///
/// (2026-11)
@NullMarked
package io.leasehold.slab;

import org.jspecify.annotations.NullMarked;
