/// Limits for bytes of memory, in a tree: a process, its arenas, its allocators.
///
/// ## Why
///
/// * **A package of its own.** Users pass a [MemoryBudget] to arenas and allocators. The other types that manage
///   address space (`io.leasehold.memory`) can write to any address, so they are not exported.
@NullMarked
package io.leasehold.budget;

import org.jspecify.annotations.NullMarked;
