package io.leasehold.lease;

import io.leasehold.error.SystemCallException;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.SourceKind;
import io.leasehold.memory.StackReserve;

/// Closes a lease pool, and unregisters it from the reports of memory in use.
///
/// ```text
///   open ---> a lease is open: throw
///     |       none: no lease can be acquired ---> a lease was acquired meanwhile: open again, throw
///     |                                           none: release the windows ---> closed
///     |                                                   refused by the kernel: open again, throw
///     v
///   forced: no lease can be acquired ---> end all leases ---> release the windows ---> closed
///                                                               refused: throw, and the next close is forced too
/// ```
///
/// **Threads.** Thread-safe. One thread at a time closes the pool.
final class LeasePoolCloser {

    private final LeasePool pool; // (C)
    private final LeaseRecords records; // (C)
    private final PageMap map; // (C)
    private final MemorySource source; // (C)
    private boolean mapClosed; // (L) this

    private LeasePoolCloser(LeasePool pool, LeaseRecords records, PageMap map) {
        LeasePoolOptions options = pool.options();
        this.pool = pool;
        this.records = records;
        this.map = map;
        this.source = MemorySource.open(
                SourceKind.LEASE_POOL,
                options.name(),
                options.tag(),
                pool,
                LeasePool::openLeases,
                leased -> null); // the pages are those of the arena
    }

    /// Registers a pool that is being opened. If this fails, its windows are released.
    ///
    /// @param pool the pool, with its options
    static LeasePoolCloser open(LeasePool pool, LeaseRecords records, PageMap map) {
        LeasePoolCloser closer = null;
        try {
            closer = new LeasePoolCloser(pool, records, map);
            return closer;
        } finally {
            if (closer == null) {
                map.close(true); // the Java heap is full
            }
        }
    }

    /// Closes the pool. Closing twice has no effect.
    ///
    /// @param force true to end open leases
    /// @return number of leases that were ended
    /// @throws IllegalStateException if leases are open and the close is not forced; nothing is changed then
    /// @throws SystemCallException if the kernel fails to release the windows; closing can be repeated
    synchronized int close(boolean force) {
        StackReserve.ensure(map.layers());
        if (mapClosed) {
            source.close(); // again, in case that an error ended the first close
            return 0;
        }
        boolean forced = force || pool.closed; // after a forced close that failed in the kernel
        if (!forced) {
            records.requireNoneOpen();
        }
        pool.closed = true;
        try {
            if (!forced) {
                records.requireNoneOpen(); // another thread may have acquired before the flag was set
            }
            int ended = forced ? records.closeAll() : 0;
            map.close(forced);
            mapClosed = true;
            source.close();
            return ended;
        } catch (RuntimeException | Error e) {
            pool.closed = forced; // a store: a call could fail here too
            throw e;
        }
    }
}
