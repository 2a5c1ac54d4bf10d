package io.leasehold.holder;

/// The bytes in use of the blocks that were allocated at one place, estimated from samples. Unlike a [Site], it is
/// not scaled to exact counts, which would have to be read.
///
/// @param stack the place
/// @param bytes estimated number of bytes
public record StackBytes(CallStack stack, long bytes) {}
