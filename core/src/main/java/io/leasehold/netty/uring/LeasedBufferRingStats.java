package io.leasehold.netty.uring;

import io.leasehold.jumbo.JumboStats;

/// What a ring for io_uring has at one moment, and what it has done since it was opened.
///
/// @param pages what the pages are, what they cost, how the ring grew and shrank
/// @param reads what was read
/// @param fallbacks what was used in place of pages
/// @param gateClosings how often a channel's reading was stopped
public record LeasedBufferRingStats(JumboStats pages, Reads reads, Fallbacks fallbacks, long gateClosings) {

    /// What the kernel read into buffers of the ring, fallbacks included.
    ///
    /// @param count how often
    /// @param bytes how much
    /// @param copied of these, how many were copied out of their page
    /// @param sliced of these, how many are slices of a page that the kernel went on to fill
    public record Reads(long count, long bytes, long copied, long sliced) {}

    /// Buffers that were used in place of pages, or for copies that had to be made.
    ///
    /// @param leased buffers of the allocator, within its bound
    /// @param unpooled buffers beyond every bound, since refusing them would have lost bytes
    public record Fallbacks(long leased, long unpooled) {}
}
