package io.leasehold.window;

import java.nio.file.Path;

/// The fixture of the contracts of a cache: a tier that files are pinned to.
interface WindowTierFixture {

    int WINDOW = WindowCacheFixture.WINDOW_BYTES;

    WindowTier tier();

    /// {@return a new folder for each test, from `@TempDir` of the test class}
    Path folder();

    /// {@return a cache with fewer windows than files have parts, and enough extents for all of them}
    default WindowCacheFixture fixture() {
        return new WindowCacheFixture(WindowCacheFixture.options(4, 16));
    }
}
