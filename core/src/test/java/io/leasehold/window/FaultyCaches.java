package io.leasehold.window;

import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyFiles;
import io.leasehold.page.PageArena;

/// Opens caches over files whose calls fail on request, for the tests of other packages.
public final class FaultyCaches {

    private FaultyCaches() {}

    /// Opens a cache.
    ///
    /// @return the cache, to be closed by the caller
    public static WindowCache open(PageArena arena, WindowCacheOptions options, FaultyFiles files) {
        return WindowCache.open(arena, options, files, Reservations.system());
    }
}
