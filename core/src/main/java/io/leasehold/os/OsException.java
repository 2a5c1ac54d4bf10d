package io.leasehold.os;

/// A call that the operating system refused: which call, with which arguments, and why.
///
/// ```text
/// mprotect(address=0x7f2a4c000000, byteSize=4096, READ_WRITE) failed: ENOMEM (12, out of memory)
/// ```
///
/// **Threads.** Immutable.
public final class OsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// Name of the call.
    private final String call; // (C)

    /// Error number.
    private final int errno; // (C)

    /// A refused call.
    ///
    /// @param call its name, for example `ftruncate`
    /// @param arguments the arguments as a reader of a log wants them, for example `descriptor=7, byteSize=4096`
    /// @param errno the error number, see [Errno]
    public OsException(String call, String arguments, int errno) {
        super(call + "(" + arguments + ") failed: " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    /// A refused call about which the user can do something.
    ///
    /// @param call its name, for example `mlock`
    /// @param arguments the arguments as a reader of a log wants them
    /// @param errno the error number, see [Errno]
    /// @param remedy what the user can do, for example `raise RLIMIT_MEMLOCK`
    public OsException(String call, String arguments, int errno, String remedy) {
        super(call + "(" + arguments + ") failed: " + Errno.describe(errno) + "; " + remedy);
        this.call = call;
        this.errno = errno;
    }

    /// {@return the exception for a refused call on an address range}
    ///
    /// @param call its name
    /// @param address start of the range
    /// @param byteSize size of the range in bytes
    /// @param detail the other arguments, empty if there are none
    /// @param errno the error number, see [Errno]
    public static OsException ofRange(String call, long address, long byteSize, String detail, int errno) {
        String range = range(address, byteSize);
        return new OsException(call, detail.isEmpty() ? range : range + ", " + detail, errno);
    }

    /// {@return an address range as messages show it}
    static String range(long address, long byteSize) {
        return "address=0x" + Long.toHexString(address) + ", byteSize=" + byteSize;
    }

    /// {@return the name of the call}
    public String call() {
        return call;
    }

    /// {@return the error number, see [Errno]}
    public int errno() {
        return errno;
    }
}
