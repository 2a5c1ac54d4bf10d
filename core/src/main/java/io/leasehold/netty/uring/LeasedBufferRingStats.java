package io.leasehold.netty.uring;

import io.leasehold.jumbo.JumboStats;

/// A snapshot of the statistics of a ring for io_uring; may be stale. Counts start when the ring is opened.
///
/// @param pages the pages by state, their memory, growth and shrinking of the pool
/// @param reads counts of reads
/// @param fallbacks buffers that were used in place of pages
/// @param throttlings number of times that a channel was stopped from reading
public record LeasedBufferRingStats(JumboStats pages, Reads reads, Fallbacks fallbacks, long throttlings) {

    /// Reads into buffers of the ring, fallbacks included. All reads of a channel with
    /// [LeasedBufferRing#recvByteBufAllocator] count, also those into the channel's own buffers.
    ///
    /// @param count number of reads
    /// @param bytes number of bytes
    /// @param copied number of reads that were copied out of their page
    /// @param sliced number of reads that are slices of a page that the kernel continued to fill
    public record Reads(long count, long bytes, long copied, long sliced) {}

    /// Buffers that were used in place of pages, or for copies that had to be made.
    ///
    /// @param leased number of buffers of the allocator, within its limit
    /// @param unpooled number of buffers beyond every limit, because rejecting them would have lost bytes
    public record Fallbacks(long leased, long unpooled) {}
}
