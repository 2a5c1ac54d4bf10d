package io.leasehold.bench.result;

import java.util.List;

/// One server under one load: one term of the server scenario.
///
/// @param round of the pairs; terms of one round ran one after the other
/// @param transport `nio` or `epoll`
/// @param tls whether the connections were encrypted
/// @param mode how JDK 25 runs Netty: `native`, `unsafe` or `none`
/// @param allocator `leased`, `adaptive` or `pooled`
/// @param pipelineDepth requests that each connection has under way
/// @param targetPerSecond the fixed rate; 0 for flat out
/// @param requests that were answered while it was measured
/// @param wrong answers that were missing, or not what was asked for
/// @param seconds measured
/// @param latency without coordinated omission; empty for flat out
/// @param cpuMicrosPerRequest processor time of the server's process
/// @param baselineBytes resident in the server after warm-up, without traffic
/// @param peakBytes resident in the server at most
/// @param afterBytes resident in the server 2 s after the load ended
/// @param heldBytes what the allocator itself says that it holds, at the end of the load; whatever it held at the
///     baseline is part of that too
/// @param curve resident in the server, from the start of the load
/// @param collections of garbage in the server
/// @param garbageBytesPerRequest allocated on the server's heap
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

    /// A point of the latency's distribution.
    ///
    /// @param percent of the requests that took at most this long, up to 100
    /// @param micros how long
    public record Quantile(double percent, double micros) {}

    /// {@return the rate that was reached}
    public double requestsPerSecond() {
        return requests / seconds;
    }
}
