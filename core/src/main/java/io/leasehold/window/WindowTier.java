package io.leasehold.window;

/// How the bytes of a file are reached.
public enum WindowTier {
    /// The cache chooses extents or recycled windows when it opens the file, and chooses for each access whether to
    /// map.
    AUTO,
    /// Through large extents that cover the whole file and stay mapped until it is closed. If no extents are left,
    /// copies use read(2), and recycled windows are lent. If the cache has no extents, the file uses recycled windows.
    DIRECT,
    /// Through small recycled windows, mapped at the first touch.
    RECYCLED,
    /// Through read(2), without windows; the only tier if native access is denied.
    BYPASS
}
