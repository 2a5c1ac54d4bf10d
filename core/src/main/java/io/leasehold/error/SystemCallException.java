package io.leasehold.error;

/// A system call that the kernel refused: the call, its arguments and the error number.
///
/// ```text
/// mprotect(address=0x7f2a4c000000, byteSize=4096, READ_WRITE) failed: ENOMEM (12, out of memory)
/// ```
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
public final class SystemCallException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// Name of the call.
    private final String call; // (C)

    /// Error number.
    private final int errno; // (C)

    /// Creates an exception for a refused call.
    ///
    /// @param call name of the call, for example `ftruncate`
    /// @param arguments arguments as a log shows them, for example `descriptor=7, byteSize=4096`
    /// @param errno error number, see [Errno]
    public SystemCallException(String call, String arguments, int errno) {
        super(call + "(" + arguments + ") failed: " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    /// Creates an exception for a refused call that the user can allow.
    ///
    /// @param call name of the call, for example `mlock`
    /// @param arguments arguments as a log shows them, for example `descriptor=7, byteSize=4096`
    /// @param errno error number, see [Errno]
    /// @param remedy what the user can do, for example `raise RLIMIT_MEMLOCK`
    public SystemCallException(String call, String arguments, int errno, String remedy) {
        super(call + "(" + arguments + ") failed: " + Errno.describe(errno) + "; " + remedy);
        this.call = call;
        this.errno = errno;
    }

    /// {@return the exception for a refused call on an address range}
    ///
    /// @param call name of the call
    /// @param address start of the range
    /// @param byteSize size of the range in bytes
    /// @param detail other arguments, empty if there are none
    /// @param errno error number, see [Errno]
    public static SystemCallException ofRange(String call, long address, long byteSize, String detail, int errno) {
        String range = range(address, byteSize);
        return new SystemCallException(call, detail.isEmpty() ? range : range + ", " + detail, errno);
    }

    /// {@return an address range as messages show it}
    ///
    /// @param address start of the range
    /// @param byteSize size of the range in bytes
    public static String range(long address, long byteSize) {
        return "address=0x" + Long.toHexString(address) + ", byteSize=" + byteSize;
    }

    /// {@return the name of the call, for example `mprotect`}
    public String call() {
        return call;
    }

    /// {@return the error number, see [Errno]}
    public int errno() {
        return errno;
    }

    /// {@return the name of the error number, for example `ENOMEM`, or `errno 200` if [Errno] has no name for it}
    public String errnoName() {
        return Errno.name(errno);
    }
}
