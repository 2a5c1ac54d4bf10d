package io.leasehold.bench.result;

import java.util.List;

/// The memory of an allocator in one scenario. Bytes are in addition to those of the process before the scenario.
///
/// @param scenario its name, for example `burst4k`
/// @param allocator `leased`, `adaptive` or `pooled`
/// @param moments in order of time
/// @param curve resident bytes over the whole scenario
public record MemoryResult(String scenario, String allocator, List<Moment> moments, List<Sample> curve) {

    /// The memory at a named moment.
    ///
    /// @param name `peak`, `after` (two seconds without a call) or `minute` (a minute without a call)
    /// @param liveBytes bytes that the scenario itself has in use
    /// @param residentBytes resident memory of the process
    /// @param heapBytes bytes that are live on the heap after a garbage collection
    /// @param chargedBytes bytes charged to the cgroup; 0 if the system does not report them
    public record Moment(String name, long liveBytes, long residentBytes, long heapBytes, long chargedBytes) {}
}
