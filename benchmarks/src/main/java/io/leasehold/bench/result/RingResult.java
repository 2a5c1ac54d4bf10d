package io.leasehold.bench.result;

import java.util.List;

/// What the ring did under traffic, while it grew, and after a burst.
///
/// @param traffic one receiver under one kind of traffic each
/// @param growth how long single allocations took while a pool grew
/// @param returns what was resident after a burst
public record RingResult(List<Traffic> traffic, List<Growth> growth, List<Return> returns) {

    /// Of a run that left all of it out.
    public static final RingResult NOTHING = new RingResult(List.of(), List.of(), List.of());

    /// One receiver in a JVM of its own, under one kind of traffic.
    ///
    /// @param round of the receivers; terms of one round ran one after the other
    /// @param kind `sink`, `echo` or `trains`
    /// @param receiver `leased`, `leased64`, `ring`, `ring64`, `epoll`, `epoll4` or `epollGro`
    /// @param seconds measured
    /// @param bytes that arrived in them
    /// @param reads in which the bytes came to the handler
    /// @param messages of the protocol that arrived: of 64 KiB, of 1 KiB, or datagrams
    /// @param sent messages in about the same time
    /// @param wrong reads or messages whose content was not what was sent
    /// @param cpuNanos of the receiver's process
    /// @param garbageBytes allocated on the receiver's heap
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

        /// {@return the rate at which messages arrived}
        public double messagesPerSecond() {
            return messages / seconds;
        }

        /// {@return processor time of the receiver a message}
        public double cpuNanosPerMessage() {
            return (double) cpuNanos / messages;
        }

        /// {@return processor time of the receiver a GiB}
        public double cpuMillisPerGib() {
            return cpuNanos / 1e6 / (bytes / (double) (1L << 30));
        }

        /// {@return what a read left on the heap}
        public double garbagePerRead() {
            return (double) garbageBytes / reads;
        }
    }

    /// How long single allocations took while a pool grew from 64 to 4,096 pages of 64 KiB.
    ///
    /// @param round in which each allocator grew once
    /// @param allocator `leased`, `adaptive` or `pooled`
    /// @param medianMicros half of them took no longer
    /// @param p99Micros 99 % of them
    /// @param p999Micros 99.9 % of them
    /// @param worstMicros all of them
    public record Growth(
            int round,
            String allocator,
            double medianMicros,
            double p99Micros,
            double p999Micros,
            double worstMicros) {}

    /// What was resident after a burst of pages, all written and all released at once.
    ///
    /// @param round in which each allocator had its burst
    /// @param allocator `leased`, `trimmed` (ours, told to give back), `adaptive` or `pooled`
    /// @param burstBytes resident at the peak, beyond what was before the burst
    /// @param curve resident bytes beyond what was before the burst, from the moment of the release on
    public record Return(int round, String allocator, long burstBytes, List<Sample> curve) {

        /// {@return the share of the burst that the system had back then, from 0 to 1}
        ///
        /// @param millis since the release
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
