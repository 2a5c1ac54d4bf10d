package io.leasehold.readme;

import io.leasehold.agrona.LeaseBuffers;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import org.agrona.concurrent.UnsafeBuffer;

/// The example of the README for Agrona.
final class AgronaExample {

    private AgronaExample() {}

    static void write(LeasePool pool, long page) {
        try (Lease lease = pool.acquire(page)) {
            UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
            buffer.putLong(0, 42);
        }
    }
}
