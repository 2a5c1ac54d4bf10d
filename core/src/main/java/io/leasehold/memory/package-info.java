/// Address ranges that we own, what they may cost, and how their bytes are reached.
///
/// ```text
///   Reservations    address space: reserved, parked, reused    OffHeap, Words    every byte, plain | ordered
///     Region          one range: commit, decommit              BiasedSlots       what a thread keeps to itself
///     Remnant         what an owner left that ended by force
///   MappingBudget   the number of mappings                     BiasedSlot        the cells of one thread
/// ```
///
/// ## Why
///
/// * **Access is `address - base` on one constant segment** ([OffHeap], [Words]). A segment for each range would carry
///   its bounds and its session to every access; a constant one compiles to a bare load or store. Bounds and liveness
///   are therefore checked where a right to memory is handed out (pages, leases, buffers), not at each byte.
/// * **Address space is parked, not unmapped** ([Reservations]). Unmapping while some thread still holds a raw address
///   turns a bug into the end of the process; parked space reads as zero. Its cost is virtual: a closed range is handed
///   to the next owner that it fits.
/// * **A biased slot a thread, found by thread id** ([BiasedSlots]): a lock that costs its owner two stores and a load.
///   A `ThreadLocal` costs twice as much, and what only its thread can reach is stranded there: a bound would not be
///   exact, idle threads would hoard, dead ones would take what they have with them. So somebody else can come for it,
///   with membarrier(2), at a price that only he pays. Who enters gets the array of cells itself: the compiler keeps it
///   in a register, where it would read the fields of an object again after each volatile step. Pages and blocks
///   both keep their free stacks there; what a slot holds is theirs, who may touch it when is known here and nowhere
///   else.
/// * **Slots on the Java heap.** Their `int[]` costs 3.5 ns less a pair than off-heap words with their bounds checks,
///   and nothing there needs an address. They are made when a thread first comes: there are more than most processes
///   have threads.
/// * **A budget of mappings** ([MappingBudget]). A JVM that runs out of mappings dies at the place that needs the next
///   one. Bytes have a budget too, in `io.leasehold.budget`.
/// * **Ordered words are apart from plain ones** ([Words] against [OffHeap]), so that every place where two threads
///   meet can be found by its import.
///
/// (2026-11)
@NullMarked
package io.leasehold.memory;

import org.jspecify.annotations.NullMarked;
