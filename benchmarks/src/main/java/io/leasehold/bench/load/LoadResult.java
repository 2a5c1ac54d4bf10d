package io.leasehold.bench.load;

import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.List;

/// What came of a load.
///
/// @param requests that were answered while it was measured, rightly or not
/// @param bytes that came in while it was measured, heads included
/// @param wrong answers that were missing or not what was asked for, over the whole load
/// @param seconds measured; at a fixed rate up to the last answer
/// @param latency counted from when each request should have been sent; empty for flat out
/// @param problem the first error of a connection, or empty
public record LoadResult(
        long requests, long bytes, long wrong, double seconds, List<Quantile> latency, String problem) {}
