package io.leasehold.lease;

/// Where the pages of an arena appear: the engine of a lease pool.
///
/// | | [DirectMap] | [WindowedMap] |
/// |---|---|---|
/// | address of a page | its own, for ever | that of a window, while it is leased |
/// | [#find] | always succeeds | succeeds if the page has a window |
/// | [#acquire] | never called | maps, waits or gives up |
///
/// **Threads.** Thread-safe. `find` and `release` are called inside a stripe and do not block; `queue` does not block.
sealed interface PageMap permits DirectMap, WindowedMap {

    /// No address: 0 is the address of no page.
    long NONE = 0;

    /// Finds the address of a page that has one.
    ///
    /// @param direct the page's address in its arena
    /// @return an address in use once more, or [#NONE]
    long find(long direct, Stripe stripe);

    /// Finds the address of a page or gives it one; may wait.
    ///
    /// @param direct the page's address in its arena
    /// @param flags of [LeaseFlag]
    /// @return an address in use once more, or [#NONE] if the flags say so
    long acquire(long direct, int flags);

    /// Ends one use of an address.
    ///
    /// @return true if [#queue] must be called, outside the stripe
    boolean release(long address, Stripe stripe);

    /// Makes a window that lost its last use known to searches, and to the threads that wait.
    void queue(long address);

    /// {@return the maximum number of pages of a lease}
    int maxPages();

    /// {@return a snapshot of the numbers of the engine, which may be stale}
    ///
    /// @param leases number of open leases
    LeasePoolStats stats(int leases);

    /// Gives everything back.
    ///
    /// @param force true if addresses may still be in use
    /// @throws IllegalStateException if an address is in use and the close is not forced
    void close(boolean force);

    /// Checks what must always hold; exact only while no other thread uses the pool.
    void checkInvariants();
}
