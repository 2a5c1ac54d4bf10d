package io.leasehold.observe;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Memory in use that was allocated at one place: blocks of one size, from one source, with one tag. The numbers are
/// estimates from samples. The sums over all places of one source, tag and size are exact.
///
/// @param source name of the allocator
/// @param tag tag of the thread that allocated, or else the tag of the source
/// @param byteSize bytes of each block
/// @param stack frames of the place, the innermost one first, as `type.method(file:line)`; the one frame `not.sampled`
///     stands for all places without a sample
/// @param samples number of samples, 0 for `not.sampled`. With `n` samples the standard deviation of the estimate is
///     about one part in `sqrt(n)`, and less if few places have this tag and size: a single one is exact
/// @param blocks estimated number of blocks
/// @param bytes estimated bytes of the blocks
/// @param leakedSamples number of samples that are lost for certain: the collector found the buffer garbage, and it was
///     not released
/// @param leakedBytes estimated bytes that are lost
/// @param oldest age of the oldest sample; zero if there is none
/// @param lastTouch last place that one of these buffers reached: the last hint that was given to `touch`. Netty's
///     pipelines give the name of each handler. Null if there was none
public record SampledHolder(
        String source,
        String tag,
        long byteSize,
        List<String> stack,
        int samples,
        long blocks,
        long bytes,
        int leakedSamples,
        long leakedBytes,
        Duration oldest,
        @Nullable String lastTouch) {}
