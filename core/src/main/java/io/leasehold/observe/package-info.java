/// Shows which component holds memory, and the memory of allocators in numbers, where operators look for them.
///
/// ```text
///   Holder                     sets the tag of a thread
///   Holders                    reads the holders of the process: a list of Holding
///   ObservedAllocator          what an allocator tells: AllocatorFigures, trim, a table
///     Observation                its counters and its beans, for as long as it is open
///       AllocatorCounters          the file that `stat` reads       (observe.counters)
///       AllocatorBeans             JMX: a buffer pool, and a bean with operations
///   StatCommand                java -jar leasehold-core.jar stat
/// ```
///
/// ## Why
///
/// * **A tag is a name, not an object of the caller.** Reports, metrics and files need names, and an object would keep
///   the class loader of an application reachable.
/// * **Below the allocators, not beside them.** An allocator opens its observation itself, so that numbers are there
///   without a line of configuration. A package of the same layer could not be called.
/// * **Nothing for an idle process.** Counters are written in the ticks of the maintenance thread, which rests if
///   nothing changes. Beans are registered only where a JMX server exists, because creating one takes longer than
///   opening an allocator.
/// * **Work in proportion to the size classes in use.** The numbers of a tick come from counts that the heaps keep
///   anyway. No page and no buffer is visited.
/// * **Optional libraries have packages of their own.** A class that names Micrometer or OpenTelemetry is loaded only
///   by an application that uses it.
///
/// (2026-11)
@NullMarked
package io.leasehold.observe;

import org.jspecify.annotations.NullMarked;
