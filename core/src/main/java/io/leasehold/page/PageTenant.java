package io.leasehold.page;

/// Somebody above who keeps pages of an arena in stock and gives them back when asked: a heap of blocks, a ring.
///
/// He frees pages of the arena and does nothing else with it: an allocation of his would ask him again, and a close
/// would wait for him.
///
/// **Failures.** Whoever asked is not to blame for a tenant's mistake: a `RuntimeException` is logged, once for each
/// tenant, and work goes on as if he had nothing more to give; the other tenants are asked too. An `Error` reaches
/// whoever asked. The arena is as it was in both cases, but for the pages that were freed before.
///
/// **Threads.** Called without any lock of the arena; [#settle] by one thread at a time, [#relinquish] by any thread
/// that found no page, several at once too.
public interface PageTenant {

    /// Gives back what was not needed since the last call. Called several times in each decay.
    void settle();

    /// Gives back all that is not in use, because somebody found no page or wants the arena trimmed.
    ///
    /// @return how many pages were freed
    int relinquish();
}
