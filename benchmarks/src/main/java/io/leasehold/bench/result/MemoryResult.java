package io.leasehold.bench.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The memory of an allocator in one scenario. Bytes are in addition to those of the process before the scenario.
///
/// @param round number of the round; each allocator ran once in it
/// @param scenario its name, for example `burst4k`
/// @param allocator `leased`, `adaptive`, `pooled`, or the full name of the class of a rival
/// @param fillMillis time in which the burst was allocated and written; null if there was none
/// @param moments in order of time
/// @param curve resident bytes over the whole scenario
public record MemoryResult(
        int round,
        String scenario,
        String allocator,
        @Nullable Double fillMillis,
        List<Moment> moments,
        List<Sample> curve) {

    /// The memory at a named moment.
    ///
    /// @param name `peak`, or how long after the burst: `after` (2 s), `10s`, `30s`, `60s` or `minute`
    /// @param liveBytes bytes that the scenario itself has in use
    /// @param residentBytes resident memory of the process
    /// @param heapBytes bytes that are live on the heap after a garbage collection
    /// @param chargedBytes bytes charged to the cgroup; 0 if the system does not report them
    public record Moment(String name, long liveBytes, long residentBytes, long heapBytes, long chargedBytes) {}
}
