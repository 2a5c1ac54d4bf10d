/// Counts and samples that say which component holds memory. The layers above record, and `io.leasehold.observe` shows.
///
/// ```text
///   MemorySource   an allocator, arena, pool or cache, and the counts that it keeps anyway
///     TagCounts      table of them:
///     TagCount         exact number of blocks from tagged threads, by tag and size
///     Sample         a block in use that was chosen by its bytes, with its stack
///   Tag            the name of a holder          ThreadTag  the tag of the calling thread
///   Sampler        chooses blocks, with unbiased weights, at a bounded pace
///     StackTable     each stack once
///   Site           sum of the samples with one source, tag, size and stack
///     SiteScaling    scales the sums to the exact counts
///   StackBytes     sum of the samples with one stack, kept up to date by each sample
/// ```
///
/// ## Why
///
/// * **A package below all that allocate.** The allocator, arenas and pools record here. Users read the results through
///   `io.leasehold.observe`, and this package is not exported.
/// * **Tags and sizes are exact.** The layers above count their blocks by size anyway. Only blocks of a thread with a
///   tag are counted once more.
/// * **Sampling by bytes, as in tcmalloc and jemalloc.** A place that allocates many bytes is sampled often, whether in
///   many small blocks or in a few large ones. The gaps are exponential, so no regular pattern of allocations can hide
///   from them. Sampling one buffer in `n` would need more samples for the same error.
/// * **The countdown is in the block object.** tcmalloc counts the bytes of each thread down. That would be one more
///   thread-local value on the fast path. A block object has a fixed size and counts its uses for the leak detector
///   anyway, so one branch serves both.
/// * **Everything is bounded.** Tags, stacks, the frames of a stack, the counts of a source and the samples per second
///   have limits. What is beyond a limit is counted as `other`, or with a larger weight. The number of live samples is
///   about the live bytes divided by the mean: 80 bytes of Java heap for each 512 KiB.
/// * **Names, not classes.** Stacks and tags hold strings. So they do not keep the class loader of an application
///   reachable.
///
/// Sources: <a href="https://google.github.io/tcmalloc/sampling.html">TCMalloc, "How sampling in TCMalloc works"</a>;
/// <a href="https://jemalloc.net/jemalloc.3.html">jemalloc(3), `opt.lg_prof_sample`</a>. (2026-11)
@NullMarked
package io.leasehold.holder;

import org.jspecify.annotations.NullMarked;
