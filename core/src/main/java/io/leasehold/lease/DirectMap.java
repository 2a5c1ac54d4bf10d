package io.leasehold.lease;

/// The engine of a machine that sees all its pages at all times: a page is leased at its own address.
///
/// Acquiring is arithmetic; it cannot fail, never waits and counts nothing, as on amd64.
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>, "systems with a direct
///     memory map region"
final class DirectMap implements PageMap {

    @Override
    public long find(long direct, Stripe stripe) {
        return direct;
    }

    @Override
    public long acquire(long direct, int flags) {
        return direct;
    }

    @Override
    public boolean release(long address, Stripe stripe) {
        return false;
    }

    @Override
    public void queue(long address) {
        // there is nothing to look for
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
        // the memory is the arena's
    }

    @Override
    public void checkInvariants() {
        // there is no state
    }

    @Override
    public String toString() {
        return "DirectMap";
    }
}
