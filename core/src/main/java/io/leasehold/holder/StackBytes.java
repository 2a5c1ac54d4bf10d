package io.leasehold.holder;

/// The bytes in use of the blocks that were allocated at one place, estimated from samples.
///
/// @param stack the place
/// @param bytes estimated number of bytes
public record StackBytes(CallStack stack, long bytes) {}
