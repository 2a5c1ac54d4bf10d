/// Address ranges that we own, what they may cost, and how their bytes are reached.
///
/// ## Why
///
/// * **Access is `address - base` on one constant segment** ([OffHeap], [Words]). A segment for each range would carry
///   its bounds and its session to every access; a constant one compiles to a bare load or store. Bounds and liveness
///   are therefore checked where a right to memory is handed out (pages, leases, buffers), not at each byte.
/// * **Address space is parked, not unmapped** ([Reservations]). Unmapping while some thread still holds a raw address
///   turns a bug into the end of the process; parked space reads as zero. Its cost is virtual: a closed range is handed
///   to the next owner that it fits.
/// * **Two budgets.** Bytes ([MemoryBudget]) because the kernel's OOM killer must never be the one to say no, and
///   mappings ([MappingBudget]) because a JVM that runs out of them dies wherever it happens to need the next one.
/// * **Ordered words are apart from plain ones** ([Words] against [OffHeap]), so that every place where two threads
///   meet can be found by its import.
///
/// (2026-11)
@NullMarked
package io.leasehold.memory;

import org.jspecify.annotations.NullMarked;
