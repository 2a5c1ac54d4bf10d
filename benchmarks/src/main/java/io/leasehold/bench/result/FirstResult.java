package io.leasehold.bench.result;

/// The cost of the first buffer of a JVM.
///
/// @param round number of the round; each allocator ran once in it
/// @param isWarm true if Netty allocated another buffer before; the costs of the start and of that buffer do not count
/// @param allocator `leased`, `agent` (Leasehold by its agent), `adaptive`, `pooled`, or the full name of the class of
///     a rival
/// @param cpuMillis processor time of the process, that of the compilers included, in milliseconds
/// @param wallMillis time until the buffer was released, in milliseconds
public record FirstResult(int round, boolean isWarm, String allocator, double cpuMillis, double wallMillis) {}
