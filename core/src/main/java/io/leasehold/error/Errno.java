package io.leasehold.error;

/// Error numbers of Linux that memory, files and sockets can raise, by name. They are the same on x86-64 and aarch64.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
public final class Errno {

    /// Operation not permitted.
    public static final int EPERM = 1;
    /// No such file or directory.
    public static final int ENOENT = 2;
    /// Interrupted by a signal.
    public static final int EINTR = 4;
    /// Input/output error.
    public static final int EIO = 5;
    /// No such device or address.
    public static final int ENXIO = 6;
    /// Bad file descriptor.
    public static final int EBADF = 9;
    /// Resource temporarily unavailable.
    public static final int EAGAIN = 11;
    /// Out of memory, of address space, or of mappings (vm.max_map_count).
    public static final int ENOMEM = 12;
    /// Permission denied.
    public static final int EACCES = 13;
    /// Bad address.
    public static final int EFAULT = 14;
    /// Device or resource busy.
    public static final int EBUSY = 16;
    /// File exists.
    public static final int EEXIST = 17;
    /// The paths are on different file systems.
    public static final int EXDEV = 18;
    /// No such device, or the device cannot do this.
    public static final int ENODEV = 19;
    /// A part of the path is not a directory.
    public static final int ENOTDIR = 20;
    /// The path is a directory.
    public static final int EISDIR = 21;
    /// Invalid argument.
    public static final int EINVAL = 22;
    /// Too many open files in the system.
    public static final int ENFILE = 23;
    /// Too many open files in this process.
    public static final int EMFILE = 24;
    /// The file is a program that is being executed.
    public static final int ETXTBSY = 26;
    /// File too large.
    public static final int EFBIG = 27;
    /// No space left on the device.
    public static final int ENOSPC = 28;
    /// The file cannot be read or written at an offset, for example a pipe.
    public static final int ESPIPE = 29;
    /// Read-only file system.
    public static final int EROFS = 30;
    /// The peer has closed the connection.
    public static final int EPIPE = 32;
    /// The path, or a name in it, is too long.
    public static final int ENAMETOOLONG = 36;
    /// The kernel does not have this call.
    public static final int ENOSYS = 38;
    /// Too many symbolic links.
    public static final int ELOOP = 40;
    /// Value too large.
    public static final int EOVERFLOW = 75;
    /// Message too long.
    public static final int EMSGSIZE = 90;
    /// The kernel does not have this socket option.
    public static final int ENOPROTOOPT = 92;
    /// Operation not supported.
    public static final int EOPNOTSUPP = 95;
    /// The system does not support this address family.
    public static final int EAFNOSUPPORT = 97;
    /// Another socket is bound to this address.
    public static final int EADDRINUSE = 98;
    /// No interface of this machine has this address.
    public static final int EADDRNOTAVAIL = 99;
    /// No route leads to the network.
    public static final int ENETUNREACH = 101;
    /// No buffer space.
    public static final int ENOBUFS = 105;
    /// The peer did not answer in time.
    public static final int ETIMEDOUT = 110;
    /// No socket listens at the address.
    public static final int ECONNREFUSED = 111;
    /// No route leads to the host.
    public static final int EHOSTUNREACH = 113;
    /// The file no longer exists on its network file system.
    public static final int ESTALE = 116;
    /// The disk quota of the user is used up.
    public static final int EDQUOT = 122;

    private Errno() {}

    /// {@return true if an error says that this process may not make a call at all, whatever its arguments}
    ///
    /// A seccomp filter answers EPERM, EACCES or ENOSYS. A kernel that lacks the call answers ENOSYS. A filter can be
    /// installed at any time, so a call that worked before can be refused later. EPERM and EACCES can also be about the
    /// arguments. So use this method only where falling back does no harm in that case.
    ///
    /// @param errno an error number
    public static boolean refusesCall(int errno) {
        return errno == EPERM || errno == EACCES || errno == ENOSYS;
    }

    /// {@return name, number and meaning of an error, for example `ENOMEM (12, out of memory)`}
    ///
    /// @param errno an error number; a number that is not in the table is described by the number alone
    public static String describe(int errno) {
        return switch (errno) {
            case EPERM -> entry("EPERM", errno, "operation not permitted");
            case ENOENT -> entry("ENOENT", errno, "no such file or directory");
            case EINTR -> entry("EINTR", errno, "interrupted by a signal");
            case EIO -> entry("EIO", errno, "input/output error");
            case ENXIO -> entry("ENXIO", errno, "no such device or address");
            case EBADF -> entry("EBADF", errno, "bad file descriptor");
            case EAGAIN -> entry("EAGAIN", errno, "resource temporarily unavailable");
            case ENOMEM -> entry("ENOMEM", errno, "out of memory");
            case EACCES -> entry("EACCES", errno, "permission denied");
            case EFAULT -> entry("EFAULT", errno, "bad address");
            case EBUSY -> entry("EBUSY", errno, "device or resource busy");
            case EEXIST -> entry("EEXIST", errno, "file exists");
            case EXDEV -> entry("EXDEV", errno, "invalid cross-device link");
            case ENODEV -> entry("ENODEV", errno, "no such device");
            case ENOTDIR -> entry("ENOTDIR", errno, "not a directory");
            case EISDIR -> entry("EISDIR", errno, "is a directory");
            case EINVAL -> entry("EINVAL", errno, "invalid argument");
            case ENFILE -> entry("ENFILE", errno, "too many open files in the system");
            case EMFILE -> entry("EMFILE", errno, "too many open files in this process");
            case ETXTBSY -> entry("ETXTBSY", errno, "text file busy");
            case EFBIG -> entry("EFBIG", errno, "file too large");
            case ENOSPC -> entry("ENOSPC", errno, "no space left on device");
            case ESPIPE -> entry("ESPIPE", errno, "illegal seek");
            case EROFS -> entry("EROFS", errno, "read-only file system");
            case EPIPE -> entry("EPIPE", errno, "broken pipe");
            case ENAMETOOLONG -> entry("ENAMETOOLONG", errno, "file name too long");
            case ENOSYS -> entry("ENOSYS", errno, "call not implemented");
            case ELOOP -> entry("ELOOP", errno, "too many levels of symbolic links");
            case EOVERFLOW -> entry("EOVERFLOW", errno, "value too large");
            case EMSGSIZE -> entry("EMSGSIZE", errno, "message too long");
            case ENOPROTOOPT -> entry("ENOPROTOOPT", errno, "protocol option not available");
            case EOPNOTSUPP -> entry("EOPNOTSUPP", errno, "operation not supported");
            case EAFNOSUPPORT -> entry("EAFNOSUPPORT", errno, "address family not supported");
            case EADDRINUSE -> entry("EADDRINUSE", errno, "address already in use");
            case EADDRNOTAVAIL -> entry("EADDRNOTAVAIL", errno, "address not available");
            case ENETUNREACH -> entry("ENETUNREACH", errno, "network is unreachable");
            case ENOBUFS -> entry("ENOBUFS", errno, "no buffer space available");
            case ETIMEDOUT -> entry("ETIMEDOUT", errno, "connection timed out");
            case ECONNREFUSED -> entry("ECONNREFUSED", errno, "connection refused");
            case EHOSTUNREACH -> entry("EHOSTUNREACH", errno, "no route to host");
            case ESTALE -> entry("ESTALE", errno, "stale file handle");
            case EDQUOT -> entry("EDQUOT", errno, "disk quota exceeded");
            default -> "errno " + errno;
        };
    }

    /// {@return the name of an error, for example `ENOMEM`, or `errno 200` if it is not in the table}
    ///
    /// @param errno an error number
    public static String name(int errno) {
        String described = describe(errno);
        int end = described.indexOf(" (");
        return end < 0 ? described : described.substring(0, end);
    }

    private static String entry(String name, int errno, String meaning) {
        return name + " (" + errno + ", " + meaning + ")";
    }
}
