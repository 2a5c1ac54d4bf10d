package io.leasehold.lease;

/// The engine without windows: all pages are always accessible, and a page is leased at its own address.
///
/// As on amd64, an acquire never fails, waits or counts.
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>, "systems with a direct
///     memory map region"
final class DirectMap implements PageMap {

    @Override
    public long look(long direct) {
        return direct;
    }

    @Override
    public boolean join(long address, long direct, Stripe stripe) {
        return true;
    }

    @Override
    public long acquire(long direct, int flags) {
        return direct;
    }

    @Override
    public int layers() {
        return 1;
    }

    @Override
    public void checkStackForRelease(long address) {
        // nothing is changed
    }

    @Override
    public boolean release(long address, Stripe stripe) {
        return false;
    }

    @Override
    public void queue(long address) {
        // no window to queue
    }

    @Override
    public int maxPages() {
        return Integer.MAX_VALUE;
    }

    @Override
    public LeasePoolStats stats(int leases) {
        return new LeasePoolStats(0, 0, 0, 0, 0, 0, 0, 0, leases);
    }

    @Override
    public void close(boolean force) {
        // the memory belongs to the arena
    }

    @Override
    public void checkInvariants() {
        // no state to check
    }

    @Override
    public String toString() {
        return "DirectMap";
    }
}
