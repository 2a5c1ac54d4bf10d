package io.leasehold.lease;

/// A snapshot of the statistics of a lease pool, read without locks. Each number is exact while no thread changes it,
/// and may be stale otherwise.
///
/// A direct map has no windows, so its window counts are 0, as `netstat -m` shows on amd64.
///
/// @param slots number of windows of the pool (kern.ipc.nsfbufs)
/// @param used number of windows with at least one lease (kern.ipc.nsfbufsused)
/// @param peak maximum of `used` so far (kern.ipc.nsfbufspeak). Exact for one thread; with several threads whose pages
///     are all mapped, a short peak may be missed
/// @param hits number of acquires that found their page mapped; BSD has no such count
/// @param misses number of acquires that mapped their page; BSD has no such count
/// @param waits number of sleeps in acquire (sf_allocwait). A request sleeps once, and once more after each interrupt
///     that it ignores and after each wake-up that finds no window
/// @param waited number of requests that slept at least once
/// @param failures number of acquires that gave up, because of NOWAIT or an interrupt (sf_allocfail; here the pool
///     counts it, not its callers)
/// @param leases number of open leases; a confined [Lease] of a direct map is counted only if the pool is traced
public record LeasePoolStats(
        int slots, int used, int peak, long hits, long misses, long waits, long waited, long failures, int leases) {

    /// {@return the number of windows without a lease, mapped or not}
    public int free() {
        return slots - used;
    }
}
