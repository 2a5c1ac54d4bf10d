package io.leasehold.lease;

/// A snapshot of the numbers of a lease pool, read without locks. Each number is exact by itself while no thread
/// changes it, and may be stale otherwise.
///
/// A direct map has no windows, so its counts of them are 0, as `netstat -m` shows them on amd64.
///
/// @param slots number of windows of the pool (kern.ipc.nsfbufs)
/// @param used number of windows with at least one lease (kern.ipc.nsfbufsused)
/// @param peak maximum of `used` so far (kern.ipc.nsfbufspeak). Exact for one thread; of several threads
///     whose pages are all mapped already, a peak that none of them saw may be missing
/// @param hits acquires that found their page mapped; BSD has no such count
/// @param misses acquires that mapped their page; BSD has no such count
/// @param waits sleeps in acquire (sf_allocwait). A request sleeps once, and once more after each interrupt that it
///     ignores
/// @param waited requests that slept at least once
/// @param failures acquires that gave up, for NOWAIT or an interrupt (sf_allocfail, counted in the pool and not by its
///     callers)
/// @param leases number of open leases, of both engines; a confined object of a direct map holds nothing of the pool
///     and is counted only if the pool is traced
public record LeasePoolStats(
        int slots, int used, int peak, long hits, long misses, long waits, long waited, long failures, int leases) {

    /// {@return windows without a lease, mapped or not}
    public int free() {
        return slots - used;
    }
}
