package io.leasehold.window;

/// Who may change the length of a file while it is open. It decides what may be lent, not what is read: copies are
/// guarded for all three.
public enum FileTrust {
    /// We alone change it, through its [MappedFile]; others may read it, and write within its length. Can be written,
    /// and windows on it can be lent. If others cut it all the same, a copy of what was cut off is refused.
    OWNED,
    /// Nobody changes it while it is open, the user vouches for that. Windows on it can be lent. If others cut it all
    /// the same, the first copy that learns of it is refused. In a window on it the rest of the last page reads as zero
    /// then, and a touch behind that page raises an [InternalError], or ends the process if native code does it.
    IMMUTABLE,
    /// Anybody may cut it at any time. Read by copy alone: what is lent is a private copy.
    FOREIGN
}
