package io.leasehold.window;

import java.nio.file.Path;

/// What the contracts of a cache are written against: a tier that files are pinned to.
interface WindowTierFixture {

    int WINDOW = WindowBed.WINDOW_BYTES;

    WindowTier tier();

    /// A new folder for each test, which the test class has by `@TempDir`.
    Path folder();

    /// {@return a cache with fewer windows than files have parts, and enough extents for all of them}
    default WindowBed bed() {
        return new WindowBed(WindowBed.options(4, 16));
    }
}
