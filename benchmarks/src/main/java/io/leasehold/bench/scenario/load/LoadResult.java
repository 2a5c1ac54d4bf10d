package io.leasehold.bench.scenario.load;

import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.List;

/// The result of a load.
///
/// @param requests answered during the measurement, rightly or wrongly
/// @param bytes received during the measurement, including heads
/// @param wrong answers that were missing or wrong, over the whole load
/// @param seconds measured time; at a fixed rate up to the last answer
/// @param latency from the time when each request should have been sent; empty at full load
/// @param problem the first error of a connection, or empty
public record LoadResult(
        long requests, long bytes, long wrong, double seconds, List<Quantile> latency, String problem) {}
