package io.leasehold.lease;

/// The numbers of a lease pool at one moment, read without locks; each is exact by itself when nobody changes it.
///
/// A direct map has no windows, so its counts of them are 0, as `netstat -m` shows them on amd64.
///
/// @param slots windows that the pool has (kern.ipc.nsfbufs)
/// @param used windows with at least one lease: windows, not leases (kern.ipc.nsfbufsused)
/// @param peak the most that were ever used together (kern.ipc.nsfbufspeak). Exact for one thread; of several threads
///     whose pages are all mapped already, a peak that none of them saw may be missing
/// @param hits acquires that found their page mapped; BSD has no such count
/// @param misses acquires that mapped their page; BSD has no such count
/// @param waits sleeps in acquire, of which one request may have several (sf_allocwait)
/// @param waited requests that slept at least once
/// @param failures acquires that gave up, for NOWAIT or an interrupt (sf_allocfail, counted in the pool and not by its
///     callers)
/// @param leases leases open now, of both engines; a confined object of a direct map holds nothing of the pool and is
///     counted only if the pool is traced
public record LeasePoolStats(
        int slots, int used, int peak, long hits, long misses, long waits, long waited, long failures, int leases) {

    /// {@return windows without a lease, mapped or not}
    public int free() {
        return slots - used;
    }
}
