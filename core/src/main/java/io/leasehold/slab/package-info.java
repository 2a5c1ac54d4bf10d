/// Small and medium blocks of memory, cut from pages: what serves buffers of any size at the price of a few loads.
///
/// ```text
///   SlabHeap         what users see: allocate, release, grow, trim      Binder         what blocks are lent as
///     MagazineLayout   free blocks of each thread, no lock                SizeClasses    which sizes there are
///     ClassPool        free blocks of one size, one lock a size           SlabShape      how blocks lie in pages
///       SlabSet          slabs of one size, and the blocks' objects
///         Slab             a run of pages, a bit a block                  SlabMemory     arena | byte arrays
/// ```
///
/// ## Why
///
/// * **Ints, not references, on the free stacks.** A reference stored in an old object costs the collector's barrier
///   each time; an int costs a store. The object is found by its block, and is bound to it while the memory is there,
///   so there is no second recycler, and an object that was once warmed up comes back warm.
/// * **The cache is the releasing thread's.** Where blocks cross threads, half a magazine crosses at a time through the
///   depot of its size, under one lock for many blocks. Whoever finds it taken looks again before it sleeps, since it
///   is held for less time than waking up takes.
/// * **A block knows its size.** The token has it, so that a release touches its magazine and nothing else.
/// * **256 KiB a thread.** With 128 KiB a load of many sizes, an API gateway's, found its size in the cache too
///   seldom: 73 ns a buffer instead of 63, and 512 KiB would bring 4 more. A full cache is not cleared for another
///   size: what is not needed comes home at the next tick, and a refill takes a part of what is left, so sizes do not
///   push each other out in turn.
/// * **A stock of idle slabs, bounded over all sizes.** Slabs without a lent block wait for their size, with the
///   objects of their blocks; beyond the bound they go back at once, where other sizes find their pages. Without it a
///   gateway's 26 MiB of live buffers held 41 MiB instead of 34. It grows with what is held, since a small server needs
///   a small stock: an HTTP server with a tenth of a megabyte of live buffers held 9.7 MiB when the bound was 2 MiB
///   for everyone, depots had 128 KiB and each size kept a slab, also those of 1 MiB; now it holds 4.1. Of the sizes
///   above 64 KiB one slab waits beside a full stock, so that who uses the same large block again and again finds it.
///   The price is a hand-over between threads: with smaller depots 56 ns a block of 4 KiB, instead of 47. Arrays,
///   which cost their zeroes anew each time, and locked pages keep the larger stock.
/// * **Small slabs.** At most 16 pages: what one live block keeps from others is small. Beyond that, a slab whose
///   pages are not all needed is thinned out: its run is split and the pages in between are given back. Netty's chunks
///   of some hundred KiB to several MiB go as a whole or not at all.
/// * **Lowest slab first**, so that the highest become idle, and go.
/// * **What was not needed goes.** Each size knows the fewest free blocks it had since it was last asked, an eighth of
///   a decay ago; that many are given back. A burst is over after two such times, a steady load is left alone.
/// * **Large blocks are slabs of one block.** They are pooled like all others, their page runs wait in the pool of
///   their size for a moment, and they grow in place when the pages behind them are free.
/// * **A slab is one lease.** Pages are allocated, wired and leased once a slab; blocks are sub-let from that lease.
///
/// (2026-11)
@NullMarked
package io.leasehold.slab;

import org.jspecify.annotations.NullMarked;
