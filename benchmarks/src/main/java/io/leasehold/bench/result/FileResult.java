package io.leasehold.bench.result;

/// One server that sent files under one load: one term of the file scenario.
///
/// @param round of the terms; those of one round ran one after the other
/// @param tls whether the connections were encrypted
/// @param way how files were sent: `leasehold`, `sendfile`, `chunked` or `chunked64`
/// @param requests that were answered while it was measured
/// @param bytes that came in at the client while it was measured
/// @param wrong answers that were missing, or not what was asked for
/// @param seconds measured
/// @param cpuNanos processor time of the server's process while it was measured
/// @param peakBytes resident in the server at most; pages of files that are mapped count
public record FileResult(
        int round,
        boolean tls,
        String way,
        long requests,
        long bytes,
        long wrong,
        double seconds,
        long cpuNanos,
        long peakBytes) {

    /// {@return what was sent in a second, in MiB}
    public double mibPerSecond() {
        return bytes / seconds / (1 << 20);
    }

    /// {@return what a MiB cost the server, in microseconds of processor time}
    public double cpuMicrosPerMib() {
        return cpuNanos / 1e3 / ((double) bytes / (1 << 20));
    }
}
