package io.leasehold.os;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The bytes of a path, as the JDK passes them to the kernel.
///
/// A file name on Linux is a sequence of bytes, and a [Path] keeps the bytes. The text of the path depends on the
/// locale, so converting the text back may give another file. The URI of a path contains each of its bytes.
///
/// **Threads.** Stateless.
final class NativePath {

    private static final Path ROOT = Path.of("/");

    /// True if the JDK passes relative paths to the kernel unchanged; false if it puts `user.dir` before them.
    private static final boolean IS_RELATIVE_TO_PROCESS = isRelativeToProcess();

    private NativePath() {}

    /// {@return the bytes of a path, without a zero at the end}
    ///
    /// @param path a path of the default file system
    /// @throws IllegalArgumentException if the file system of the path is not the JDK's own, because its bytes are then
    ///     unknown
    static byte[] bytesOf(Path path) {
        if (path.getClass().getModule() != Object.class.getModule()
                || !path.getFileSystem().provider().getScheme().equals("file")) {
            throw new IllegalArgumentException("path is not of the JDK's own file system: path=" + path + ", type="
                    + path.getClass().getName());
        }
        if (path.isAbsolute() || !IS_RELATIVE_TO_PROCESS) {
            return decoded(path.toAbsolutePath(), 0);
        }
        byte[] relative = decoded(ROOT.resolve(path), 1);
        return relative.length == 0 ? new byte[] {'.'} : relative;
    }

    /// {@return the bytes of an absolute path from `start` on}
    private static byte[] decoded(Path absolute, int start) {
        String text = absolute.toUri().getRawPath();
        // the URI of a directory ends with a slash, and the path does not
        int end = text.length() > 1 && text.endsWith("/") ? text.length() - 1 : text.length();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(end);
        for (int at = start; at < end; at++) {
            char c = text.charAt(at);
            if (c == '%') {
                bytes.write(Integer.parseInt(text, at + 1, at + 3, 16));
                at += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toByteArray();
    }

    /// {@return true if the working directory of the process has the same bytes as `user.dir`, which is the rule of
    /// `UnixFileSystem`}
    private static boolean isRelativeToProcess() {
        if (OsOptions.isChdirAllowed()) {
            return false;
        }
        try {
            Path directory = Files.readSymbolicLink(Path.of("/proc/self/cwd"));
            return directory.equals(Path.of("").toAbsolutePath());
        } catch (IOException | UnsupportedOperationException e) {
            return false; // no /proc; the absolute path names the same file unless a directory above was renamed
        }
    }
}
