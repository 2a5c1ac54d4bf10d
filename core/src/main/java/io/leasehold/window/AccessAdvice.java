package io.leasehold.window;

/// How a file is going to be read. With the wrong advice, a first touch of uncached data costs twelve to ninety times
/// as much.
///
/// The advice does not decide when a file of [WindowTier#DIRECT] or [WindowTier#RECYCLED] is mapped: copies map it at
/// the first touch.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>, UVM_ADV_NORMAL and its siblings
public enum AccessAdvice {
    /// No hint (UVM_ADV_NORMAL): the kernel reads ahead, and windows are mapped at the second touch.
    NORMAL,
    /// Random access (UVM_ADV_RANDOM): a cold touch reads one page, and not a range of megabytes. The advice stays with
    /// the window until the window is recycled.
    RANDOM,
    /// From lower offsets to higher ones, once (UVM_ADV_SEQUENTIAL): uses windows that are mapped and maps none, since
    /// read(2) is the fastest way to read data once.
    SEQUENTIAL
}
