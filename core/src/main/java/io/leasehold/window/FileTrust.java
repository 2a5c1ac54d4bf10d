package io.leasehold.window;

/// Who may change the length of a file while it is open. It decides what may be lent, not what is read: copies are
/// guarded for all three.
public enum FileTrust {
    /// We alone change it, through its [MappedFile]; others may read it, and write within its length. Can be written,
    /// and windows on it can be lent.
    OWNED,
    /// Nobody changes it while it is open, the user vouches for that. Windows on it can be lent; a broken promise
    /// reaches whoever touches a lent window as an [InternalError], or ends the process if native code does.
    IMMUTABLE,
    /// Anybody may cut it at any time. Read by copy alone: what is lent is a private copy.
    FOREIGN
}
