package io.leasehold.bench.result;

import java.util.List;

/// The results of the ring scenarios: under traffic, while the pool grows, and after a burst.
///
/// @param traffic one entry for each receiver and kind of traffic
/// @param growth times of single allocations while a pool grew
/// @param returns resident memory after a burst
public record RingResult(List<Traffic> traffic, List<Growth> growth, List<Return> returns) {

    /// One receiver in its own JVM, under one kind of traffic.
    ///
    /// @param round number of the round; terms of one round ran one after the other
    /// @param kind `sink`, `echo` or `datagrams`
    /// @param receiver `leased`, `leased64`, `ring`, `ring64`, `epoll`, `epoll4` or `epollGro`
    /// @param seconds measured time
    /// @param bytes received in that time
    /// @param reads in which the handler got the bytes
    /// @param messages received: of 64 KiB, of 1 KiB, or datagrams
    /// @param sent messages sent in about the same time
    /// @param wrong number of reads or messages with wrong content
    /// @param cpuNanos processor time of the receiver's process
    /// @param garbageBytes bytes allocated on the receiver's heap
    public record Traffic(
            int round,
            String kind,
            String receiver,
            double seconds,
            long bytes,
            long reads,
            long messages,
            long sent,
            long wrong,
            long cpuNanos,
            long garbageBytes) {

        /// {@return the number of messages received per second}
        public double messagesPerSecond() {
            return messages / seconds;
        }

        /// {@return the processor time of the receiver per message, in nanoseconds}
        public double cpuNanosPerMessage() {
            return (double) cpuNanos / messages;
        }

        /// {@return the processor time of the receiver per GiB, in milliseconds}
        public double cpuMillisPerGib() {
            return cpuNanos / 1e6 / (bytes / (double) (1L << 30));
        }

        /// {@return the bytes allocated on the heap per read}
        public double garbagePerRead() {
            return (double) garbageBytes / reads;
        }
    }

    /// The time of single allocations while a pool grew from 64 to 4,096 pages of 64 KiB.
    ///
    /// @param round number of the round; each allocator grew once in it
    /// @param allocator `leased`, `adaptive` or `pooled`
    /// @param medianMicros median in microseconds
    /// @param p99Micros 99 percentile in microseconds
    /// @param p999Micros 99.9 percentile in microseconds
    /// @param worstMicros maximum in microseconds
    public record Growth(
            int round,
            String allocator,
            double medianMicros,
            double p99Micros,
            double p999Micros,
            double worstMicros) {}

    /// Resident memory after a burst of pages that were all written and freed at once.
    ///
    /// @param round number of the round; each allocator had its burst in it
    /// @param allocator `leased`, `trimmed` (Leasehold with trim()), `adaptive` or `pooled`
    /// @param burstBytes resident bytes at the peak, in addition to those before the burst
    /// @param curve resident bytes in addition to those before the burst, since the pages were freed
    public record Return(int round, String allocator, long burstBytes, List<Sample> curve) {

        /// {@return the share of the burst that was returned to the system, from 0 to 1}
        ///
        /// @param millis since the pages were freed
        public double returned(long millis) {
            long left = burstBytes;
            for (Sample sample : curve) {
                if (sample.millis() <= millis) {
                    left = sample.residentBytes();
                }
            }
            return Math.clamp(1 - (double) left / burstBytes, 0, 1);
        }
    }
}
