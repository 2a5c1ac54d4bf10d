package io.leasehold.bench.result;

import java.util.List;

/// What an allocator held in one scenario; bytes are beyond what the process had before it began.
///
/// @param scenario its name, as `burst4k`
/// @param allocator `leased`, `adaptive` or `pooled`
/// @param moments in order of time
/// @param curve resident bytes over the whole scenario
public record MemoryResult(String scenario, String allocator, List<Moment> moments, List<Sample> curve) {

    /// The state at a named point.
    ///
    /// @param name `peak`, `after` (two seconds without a call) or `minute` (a minute without a call)
    /// @param liveBytes that the scenario itself holds
    /// @param residentBytes of the process
    /// @param heapBytes that are live after a collection
    /// @param chargedBytes that the cgroup is charged with; 0 if the system does not say
    public record Moment(String name, long liveBytes, long residentBytes, long heapBytes, long chargedBytes) {}
}
