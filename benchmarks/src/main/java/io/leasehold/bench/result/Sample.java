package io.leasehold.bench.result;

/// Resident bytes of a process at one time.
///
/// @param millis since the scenario began
/// @param residentBytes of the process
public record Sample(long millis, long residentBytes) {}
