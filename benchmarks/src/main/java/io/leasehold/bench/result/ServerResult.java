package io.leasehold.bench.result;

import java.util.List;

/// One server under one load: one term of the server scenario. In each round, a server runs at full load first. The
/// same server then runs at the fixed rate.
///
/// @param round number of the round; terms of one round ran one after the other
/// @param transport `nio` or `epoll`
/// @param tls true if the connections were encrypted
/// @param mode in which JDK 25 ran Netty: `native`, `unsafe` or `none`
/// @param allocator `leased`, `adaptive`, `pooled`, `observed`, `unobserved`, or the full name of the class of a rival
/// @param pipelineDepth requests that each connection had in flight
/// @param targetPerSecond the fixed rate; 0 for full load
/// @param requests answered during the measurement
/// @param wrong answers that were missing or wrong
/// @param seconds measured time
/// @param latency without coordinated omission; empty at full load
/// @param cpuMicrosPerRequest processor time of the server's process per request
/// @param baselineBytes resident memory of the server after the warm-up, before its first load and without traffic
/// @param peakBytes maximum of resident memory of the server
/// @param afterBytes resident memory of the server 2 s after the load ended
/// @param heldBytes bytes used by the allocator at the end of the load, by its own count, including those at the
///     baseline
/// @param curve resident memory of the server since the start of the load
/// @param collections number of garbage collections in the server
/// @param garbageBytesPerRequest bytes allocated on the server's heap per request
public record ServerResult(
        int round,
        String transport,
        boolean tls,
        String mode,
        String allocator,
        int pipelineDepth,
        double targetPerSecond,
        long requests,
        long wrong,
        double seconds,
        List<Quantile> latency,
        double cpuMicrosPerRequest,
        long baselineBytes,
        long peakBytes,
        long afterBytes,
        long heldBytes,
        List<Sample> curve,
        long collections,
        double garbageBytesPerRequest) {

    /// One point of the latency distribution.
    ///
    /// @param percent of the requests that took at most this long, up to 100
    /// @param micros time in microseconds
    public record Quantile(double percent, double micros) {}

    /// {@return the measured rate}
    public double requestsPerSecond() {
        return requests / seconds;
    }
}
