package io.leasehold.window;

/// How a file is going to be read, which decides what a first touch costs: with the wrong advice twelve to ninety times
/// as much where nothing is cached.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>, UVM_ADV_NORMAL and its siblings
public enum AccessAdvice {
    /// No hint (UVM_ADV_NORMAL): the kernel reads ahead, and windows come on the second touch.
    NORMAL,
    /// Random access (UVM_ADV_RANDOM): a cold touch reads one page and not a stretch of megabytes. It stays with the
    /// window until that is recycled.
    RANDOM,
    /// From lower offsets to higher ones, once (UVM_ADV_SEQUENTIAL): uses windows that are there and makes none, since
    /// what is read once is read fastest by read(2).
    SEQUENTIAL
}
