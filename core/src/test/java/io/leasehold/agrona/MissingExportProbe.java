package io.leasehold.agrona;

import io.leasehold.lease.Lease;
import org.agrona.concurrent.UnsafeBuffer;

/// Main class of the JVMs that [MissingExportTest] starts: wraps twice, and says what came of it.
final class MissingExportProbe {

    private MissingExportProbe() {}

    public static void main(String[] arguments) {
        try (LeasedPages pages = LeasedPages.directMap();
                Lease lease = pages.pool().acquire(pages.wiredRun(1))) {
            for (int time = 1; time <= 2; time++) {
                try {
                    UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
                    System.out.println(time + ": works, capacity=" + buffer.capacity());
                } catch (IllegalStateException e) {
                    System.out.println(time + ": " + e);
                }
            }
        }
    }
}
