package io.leasehold.bench.result;

/// One server of static files under `wrk`, with one file: a part of a term of the scenario with nginx.
///
/// @param round number of the round; terms of one round ran one after the other
/// @param byteSize length of the file in bytes
/// @param server `leasehold`, `nginx` or `sendfile`
/// @param software what the server calls itself, for example `nginx/1.22.1`; empty if it does not say
/// @param requests answered during the measurement
/// @param perSecond requests answered per second
/// @param p99Micros time within which 99 % of the requests were answered, in microseconds
/// @param wrong errors of sockets, and answers that refuse the file
/// @param cpuNanos processor time of all processes of the server during the measurement
public record StaticResult(
        int round,
        int byteSize,
        String server,
        String software,
        long requests,
        double perSecond,
        double p99Micros,
        long wrong,
        long cpuNanos) {

    /// {@return the processor time of the server per request, in microseconds}
    public double cpuMicrosPerRequest() {
        return cpuNanos / 1e3 / requests;
    }
}
