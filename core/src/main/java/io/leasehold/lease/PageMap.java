package io.leasehold.lease;

/// The engine of a lease pool: decides at which address a page of the arena is accessible.
///
/// | | [DirectMap] | [WindowedMap] |
/// |---|---|---|
/// | address of a page | its own, always | that of a window, while the page is leased |
/// | [#look], [#join] | always succeed | succeed if the page has a window |
/// | [#acquire] | never called | maps, waits or gives up |
///
/// **Threads.** Thread-safe. `join` and `release` are called inside a stripe and do not block. `queue` is called
/// outside the stripe and does not block either.
sealed interface PageMap permits DirectMap, WindowedMap {

    /// No address. 0 is never the address of a page.
    long NONE = 0;

    /// Finds the address of a page that already has one. This method calls as deep as [#join], so a stack overflow
    /// occurs here, before `join` changes anything.
    ///
    /// @param direct the page's address in its arena
    /// @return the address, or [#NONE] if the page has none
    long look(long direct);

    /// Counts one use of an address that [#look] has found.
    ///
    /// @param address the address
    /// @param direct the page's address in its arena
    /// @return false if the page has lost the address since; nothing is counted then
    boolean join(long address, long direct, Stripe stripe);

    /// Finds an address for a page, or maps the page, and counts one use of the address. May wait.
    ///
    /// @param direct the page's address in its arena
    /// @param flags of [LeaseFlag]
    /// @return the address, or [#NONE] if there is no window and the flags forbid to wait
    long acquire(long direct, int flags);

    /// {@return the number of layers in a check of the stack by the pool, before it calls [#acquire] or [#queue]}
    int layers();

    /// Checks that the stack has space for [#release] and [#queue], before the caller changes any state. The check
    /// itself calls as deep as a release that needs no [#queue].
    ///
    /// @param address address of a lease, which may have ended
    /// @throws StackOverflowError if the space is too small
    void checkStackForRelease(long address);

    /// Ends one use of an address.
    ///
    /// @return true if [#queue] must be called, outside the stripe
    boolean release(long address, Stripe stripe);

    /// Makes a window without uses available to searches and to waiting threads.
    void queue(long address);

    /// {@return the maximum number of pages of a lease}
    int maxPages();

    /// {@return a snapshot of the statistics of the engine, which may be stale}
    ///
    /// @param leases number of open leases
    LeasePoolStats stats(int leases);

    /// Releases all address space and mappings.
    ///
    /// @param force true if addresses may still be in use
    /// @throws IllegalStateException if an address is in use and the close is not forced
    void close(boolean force);

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants();
}
