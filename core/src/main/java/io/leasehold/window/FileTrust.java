package io.leasehold.window;

/// Which processes may change the length of a file while it is open. The trust decides what may be lent, not what may
/// be read: copies are guarded for all three values.
public enum FileTrust {
    /// Only this process changes the length, through one [MappedFile]. Other processes may read the file, and write
    /// within its length. The file can be written, and windows on it can be lent. If another process truncates it even
    /// so, a copy of the missing part throws. A cache rejects a second object for writing the same file.
    OWNED,
    /// No process changes the file while it is open; the user guarantees that. Windows on it can be lent. If another
    /// process truncates it even so, the first copy that detects the truncation throws. In a window, the rest of the
    /// last page then reads as zero. An access behind that page raises an [InternalError], or ends the process if
    /// native code does it.
    IMMUTABLE,
    /// Any process may truncate the file at any time. The file is read by copy only: a window on it is a private copy.
    FOREIGN
}
