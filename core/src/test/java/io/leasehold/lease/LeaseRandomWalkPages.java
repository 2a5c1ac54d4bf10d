package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageStateException;
import java.util.SplittableRandom;

/// The pages that a walk leases, and what is written in them.
///
/// **Threads.** Confined to one thread.
final class LeaseRandomWalkPages {

    /// A page or run as its owner knows it.
    static final class Page {
        final long handle;
        final long direct; // address in the arena
        int count;
        int wires = 1;
        long stamp;
        boolean live = true;

        Page(long handle, long direct, int count) {
            this.handle = handle;
            this.direct = direct;
            this.count = count;
        }

        boolean isFit(int maxPages) {
            return live && wires > 0 && count <= maxPages;
        }

        /// {@return what an acquire throws if the page is not fit}
        Class<? extends RuntimeException> refusal() {
            return live && wires > 0 ? IllegalArgumentException.class : PageStateException.class;
        }

        @Override
        public String toString() {
            return "Page(0x%x, count=%d, wires=%d, live=%s)".formatted(handle, count, wires, live);
        }
    }

    private final long pageByteSize;
    private final SplittableRandom random;

    LeaseRandomWalkPages(long pageByteSize, SplittableRandom random) {
        this.pageByteSize = pageByteSize;
        this.random = random;
    }

    void stamp(Page page, long address, int count) {
        page.stamp = random.nextLong();
        for (int i = 0; i < count; i++) {
            OffHeap.putLong(address + i * pageByteSize, page.stamp + i);
        }
    }

    /// Each page has its own stamp, at its address in the arena as through any lease.
    void checkContent(Page page, long address, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(OffHeap.getLong(address + i * pageByteSize))
                    .as("page %d of %s at 0x%x", i, page, address)
                    .isEqualTo(page.stamp + i);
        }
    }
}
