/// Limits for bytes of memory, in a tree: a process, its parts (network, cache), their allocators and arenas.
///
/// ```text
///   MemoryBudget         public: reserve, release, shares, pressure, close
///     BudgetChildren       the open children by name
///     BudgetShares         what limits and shares allow, and whether there is pressure
///     SoftLimitSignal      tells crossings of the soft limit in order, without a lock
///     GuardedListener      callbacks whose failure loses no byte
///     ProcessBudget        the default budget: what the machine or cgroup leaves beside the heap
///   BudgetOptions        limits, fair shares, source of pressure, listener
///   BudgetListener       the place of a circuit breaker
///   BudgetRefusal        the first limit that refused
///   BudgetStats          the numbers of a tree
///   SystemPressure       a source of pressure: PSI and anonymous memory of the control group
/// ```
///
/// ## Why
///
/// * **A package of its own.** Users pass a [MemoryBudget] to arenas and allocators. The other types that manage
///   address space (`io.leasehold.memory`) can write to any address, so they are not exported.
/// * **A child is a budget.** Whatever takes a budget takes a child, without a special case. An arena makes a child of
///   its own, so the tree of the user continues down to the arenas.
/// * **Charged when pages are committed.** A reservation walks the tree once for a batch of pages, not once for a
///   buffer. So levels and listeners cost nothing on the fast path.
/// * **From the child to the top.** The limit nearest to the request refuses first, and a refusal in a child does not
///   touch the words that all children share.
/// * **Shares only under pressure.** Equal parts that always apply would waste the memory of idle children. Below the
///   soft limit the hard limits alone decide. The bytes between the soft and the hard limit are for children below
///   their shares. So the distance between the two limits is what a flood leaves to the others at once.
/// * **All open children count,** idle ones too. If only busy children counted, a flood would have a share of all as
///   long as the others are quiet, and they would find nothing when they start.
/// * **Bytes reserved here are counted apart.** So a release cannot take bytes of a child, and what a parent may give
///   its children is known without a visit to each of them.
/// * **Close is refused while bytes are reserved.** Bytes that moved to the parent would have no owner there.
/// * **Pressure is asked for.** A budget asks its source when bytes are requested, so no thread runs while there is
///   nothing to decide. The files are read by a virtual thread, since the asking thread may hold the lock of an arena.
///   `memory.current` of a control group is no such source, because it counts page cache, which the kernel gives back
///   by itself. So `anon`, `shmem` and the stalls that the kernel measures are read.
/// * **A listener is asked, not only told.** A circuit breaker of another system keeps its own account. It may refuse
///   before memory is touched, and each byte that it allowed is reported back.
@NullMarked
package io.leasehold.budget;

import org.jspecify.annotations.NullMarked;
