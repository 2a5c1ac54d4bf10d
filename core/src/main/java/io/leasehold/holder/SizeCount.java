package io.leasehold.holder;

/// A number of blocks of one size.
///
/// @param byteSize bytes of each block
/// @param blocks number of blocks in use
public record SizeCount(long byteSize, long blocks) {}
