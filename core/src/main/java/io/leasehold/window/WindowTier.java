package io.leasehold.window;

/// How the bytes of a file are reached.
public enum WindowTier {
    /// The cache chooses for each access.
    AUTO,
    /// Through large extents that cover the whole file and stay mapped until it is closed. If no extents are left,
    /// through recycled windows.
    DIRECT,
    /// Through small recycled windows, mapped at the first touch.
    RECYCLED,
    /// Through read(2), without windows; the only tier if native access is denied.
    BYPASS
}
