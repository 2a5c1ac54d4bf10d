/// Reserved address ranges, limits for mappings, and access to off-heap memory.
///
/// ```text
///   Reservations    address space: reserved, retained, reused    OffHeap, Words    memory access, plain | ordered
///     Region          one range: commit, decommit                BiasedSlots       state of one thread each
///     Remnant         address space left by a forced close
///   MappingBudget   the number of mappings                       BiasedSlot        the cells of one thread
///   LateFrees       memory whose free met a full stack           StripedCounter    a sum that many threads change
/// ```
///
/// ## Why
///
/// * **Access is `address - base` on one constant segment** ([OffHeap], [Words]). With one segment per range, every
///   access would check the bounds and the session of that segment. An access to a constant segment compiles to a bare
///   load or store. Therefore bounds and liveness are checked when memory is allocated or leased (pages, leases,
///   buffers), not at each access.
/// * **Address space is retained, not unmapped** ([Reservations]). If memory were unmapped while a thread still uses a
///   raw address, a bug would end the process. Retained space reads as zero instead. It costs only addresses, and the
///   next owner that it fits reuses it.
/// * **One biased slot per thread, found by thread id** ([BiasedSlots]). A biased slot is a lock that costs its owner
///   two stores and a load. A `ThreadLocal` costs twice as much, and other threads cannot reach its contents. Without
///   access by other threads a limit would not be exact, idle threads would keep memory, and the memory of dead threads
///   would be lost. With a biased slot another thread can take the contents by membarrier(2), and only that thread pays
///   for it. [BiasedSlots#enter] returns the array of cells itself, because the compiler keeps it in a register. It
///   would read the fields of an object again after each volatile access. The magazines of pages and of blocks are both
///   stored in such cells. Their layout is defined there; this package only defines which thread may use a slot at
///   which time.
/// * **Slots on the Java heap.** A pair of operations on an `int[]` takes 3.5 ns less than on off-heap words with their
///   bounds checks, and nothing in a slot needs an address. A slot is created at its first use, because there are more
///   slots than most processes have threads.
/// * **A budget of mappings** ([MappingBudget]). A JVM that runs out of mappings crashes at the next call that needs
///   one. The budget for bytes is in `io.leasehold.budget`.
/// * **Ordered access is separate from plain access** ([Words] and [OffHeap]), so that every place where threads
///   synchronize off the heap can be found by its import.
///
/// (2026-11)
@NullMarked
package io.leasehold.memory;

import org.jspecify.annotations.NullMarked;
