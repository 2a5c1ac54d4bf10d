package io.leasehold.bench.result;

/// One server that sent files under one load: one term of the file scenario.
///
/// @param round number of the round; terms of one round ran one after the other
/// @param tls true if the connections were encrypted
/// @param way how files were sent: `leasehold`, `sendfile`, `chunked` or `chunked64`
/// @param requests answered during the measurement
/// @param bytes received by the client during the measurement
/// @param wrong answers that were missing or wrong
/// @param seconds measured time
/// @param cpuNanos processor time of the server's process during the measurement
/// @param peakBytes maximum of resident memory of the server; mapped pages of files count
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

    /// {@return the throughput in MiB per second}
    public double mibPerSecond() {
        return bytes / seconds / (1 << 20);
    }

    /// {@return the processor time of the server per MiB, in microseconds}
    public double cpuMicrosPerMib() {
        return cpuNanos / 1e3 / ((double) bytes / (1 << 20));
    }
}
