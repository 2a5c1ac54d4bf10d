package io.leasehold.snippets;

import io.leasehold.agrona.LeaseBuffers;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import org.agrona.concurrent.UnsafeBuffer;

/// The example of [LeaseBuffers]; `LeaseBuffersTest` runs it.
public final class LeaseBuffersExample {

    private LeaseBuffersExample() {}

    /// Adds one to the first word of each page.
    public static void count(LeasePool pool, long[] pages) {
        // @start region="example"
        UnsafeBuffer buffer = new UnsafeBuffer(0, 0); // one for all leases
        for (long page : pages) {
            try (Lease lease = pool.acquire(page)) {
                LeaseBuffers.rewrap(buffer, lease);
                buffer.getAndAddLong(0, 1);
                LeaseBuffers.unwrap(buffer); // the view ends before its lease
            }
        }
        // @end
    }
}
