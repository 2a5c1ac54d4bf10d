package io.leasehold.event;

/// A buffer as the events of buffers show it.
///
/// @param allocatorType class of its allocator
/// @param byteSize capacity in bytes
/// @param maxFastByteSize capacity in bytes that it can have without a copy
/// @param maxByteSize maximum capacity in bytes
/// @param isDirect false if it is on the Java heap
/// @param address address of its first byte, or 0 on the Java heap
public record RecordedBuffer(
        Class<?> allocatorType, int byteSize, int maxFastByteSize, int maxByteSize, boolean isDirect, long address) {}
