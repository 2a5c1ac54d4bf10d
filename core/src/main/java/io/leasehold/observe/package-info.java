/// Shows which component holds memory, and the memory of allocators in numbers, where operators look for them.
///
/// ```text
///   Holder                     sets the tag of a thread
///   Holders                    exact: a Holding for each source, tag and size
///   Profile                    sampled: a SampledHolder for each source, tag, size and stack, and what leaked
///     HolderTable, Pprof         the profile as text, and for `go tool pprof` and other viewers
///     LeakReport                 what leaked, or may have leaked, as text
///   ObservedAllocator          what an allocator tells: AllocatorFigures, trim, a table
///     Observation                its counters and its beans, for as long as it is open
///       AllocatorCounters          the file that `stat` reads       (observe.counters)
///       AllocatorBeans             JMX: a buffer pool, and a bean with operations
///       HoldersBeans               JMX: a bean of all holders of the process
///   StatCommand                java -jar leasehold-core.jar stat
/// ```
///
/// ## Why
///
/// * **A tag is a name, not an object of the caller.** Reports, metrics and files need names, and an object would keep
///   the class loader of an application reachable.
/// * **Exact and sampled answers are separate.** Bytes by source, tag and size are exact at any time. Stacks cost some
///   microseconds each, so they come from samples, and their bytes are estimates.
/// * **Leaks are a view of the profile.** The allocator drops its reference to a sampled buffer. If the collector finds
///   such a buffer garbage, the buffer leaked. That needs no report at the moment of the collection: the sample stays
///   live, and can be asked for at any time.
/// * **pprof by hand.** A profile needs a dozen fields of `profile.proto`. The encoder is smaller than the code that a
///   compiler for protocol buffers would add, and needs no dependency.
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
