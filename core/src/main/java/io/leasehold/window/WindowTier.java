package io.leasehold.window;

/// How the bytes of a file are reached.
public enum WindowTier {
    /// The cache chooses for each access.
    AUTO,
    /// Through large extents that cover the whole file and stay until it is closed. If there are none left, through
    /// recycled windows.
    DIRECT,
    /// Through small windows that are recycled, mapped at the first touch.
    RECYCLED,
    /// Through read(2), without any window; the only tier where native access is refused.
    BYPASS
}
