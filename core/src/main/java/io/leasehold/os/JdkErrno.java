package io.leasehold.os;

import io.leasehold.error.Errno;
import java.io.IOException;
import java.net.PortUnreachableException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// The error numbers of exceptions that the JDK throws for system calls.
///
/// A few errors have classes of their own. Of the others the JDK passes on only the text of strerror(3), and the texts
/// here are those of the C library in English. If a text is unknown, the number is EIO, and the cause has the text.
///
/// **Threads.** Stateless.
final class JdkErrno {

    /// What the JDK and the C library add to a text.
    private static final Pattern REMARK = Pattern.compile(" (\\(|or unable to access ).*");

    private static final Map<String, Integer> BY_TEXT = Map.ofEntries(
            Map.entry("operation not permitted", Errno.EPERM),
            Map.entry("no such file or directory", Errno.ENOENT),
            Map.entry("no such device or address", Errno.ENXIO),
            Map.entry("cannot allocate memory", Errno.ENOMEM),
            Map.entry("permission denied", Errno.EACCES),
            Map.entry("not a directory", Errno.ENOTDIR),
            Map.entry("is a directory", Errno.EISDIR),
            Map.entry("invalid argument", Errno.EINVAL),
            Map.entry("too many open files in system", Errno.ENFILE),
            Map.entry("too many open files", Errno.EMFILE),
            Map.entry("text file busy", Errno.ETXTBSY),
            Map.entry("file too large", Errno.EFBIG),
            Map.entry("no space left on device", Errno.ENOSPC),
            Map.entry("read-only file system", Errno.EROFS),
            Map.entry("file name too long", Errno.ENAMETOOLONG),
            Map.entry("too many levels of symbolic links", Errno.ELOOP),
            Map.entry("message too long", Errno.EMSGSIZE),
            Map.entry("network is unreachable", Errno.ENETUNREACH),
            Map.entry("address already in use", Errno.EADDRINUSE),
            Map.entry("cannot assign requested address", Errno.EADDRNOTAVAIL),
            Map.entry("stale file handle", Errno.ESTALE),
            Map.entry("disk quota exceeded", Errno.EDQUOT));

    private JdkErrno() {}

    /// Initializes this class. It is needed after the JDK has reported a failure. There may be too few descriptors or
    /// too little memory to initialize it then.
    static void initialize() {}

    /// {@return the error number of an exception; EIO if it is unknown}
    static int of(Exception e) {
        return switch (e) {
            case NoSuchFileException _ -> Errno.ENOENT;
            case AccessDeniedException _ -> Errno.EACCES;
            case FileAlreadyExistsException _ -> Errno.EEXIST;
            case ClosedChannelException _, NonWritableChannelException _ -> Errno.EBADF;
            case PortUnreachableException _ -> Errno.ECONNREFUSED;
            case FileSystemException refused -> ofText(String.valueOf(refused.getReason()));
            case IOException refused -> ofText(String.valueOf(refused.getMessage()));
            default -> Errno.EIO;
        };
    }

    /// {@return the error number of a text that ends with that of strerror(3), perhaps with a remark}
    private static int ofText(String text) {
        String words = text.toLowerCase(Locale.ROOT);
        String last = REMARK.matcher(words).replaceFirst("");
        String known = last.substring(last.lastIndexOf(": ") < 0 ? 0 : last.lastIndexOf(": ") + 2);
        return BY_TEXT.getOrDefault(known, Errno.EIO);
    }
}
