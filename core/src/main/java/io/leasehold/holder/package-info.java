/// Counts and samples that say which component holds memory. The layers above record, and `io.leasehold.observe` shows.
///
/// ```text
///   MemorySource   an allocator, arena, pool or cache, and the counts that it keeps anyway
///   Tag            the name of a holder
///   ThreadTag      the tag of the calling thread
///   TagCount       exact number of blocks from tagged threads, by tag and size
/// ```
///
/// ## Why
///
/// * **A package below all that allocate.** The allocator, arenas and pools record here. Users read the results through
///   `io.leasehold.observe`, and this package is not exported.
/// * **Tags and sizes are exact.** The layers above count their blocks by size anyway. Only blocks of a thread with a
///   tag are counted once more.
@NullMarked
package io.leasehold.holder;

import org.jspecify.annotations.NullMarked;
