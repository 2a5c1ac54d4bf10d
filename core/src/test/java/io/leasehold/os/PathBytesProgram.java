package io.leasehold.os;

import io.leasehold.os.Files.Access;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Arrays;

/// Opens all files of a directory, for [PathBytesTest]. The exit code is 0 if each has the content that the JDK reads.
final class PathBytesProgram {

    private PathBytesProgram() {}

    /// Runs the program.
    ///
    /// @param arguments path of the directory
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        int files = 0;
        try (DirectoryStream<Path> paths = java.nio.file.Files.newDirectoryStream(directory)) {
            for (Path path : paths) {
                files++;
                byte[] expected = java.nio.file.Files.readAllBytes(path);
                for (Access access : Access.values()) {
                    require(Arrays.equals(expected, read(path, access)), "content of " + path + ", " + access);
                }
            }
        }
        require(files > 0, "files");
        Path made = java.nio.file.Files.createTempDirectory("made");
        Path name = Path.of(java.net.URI.create(made.toUri() + "new-%C3%A9-%FF"));
        Files.system().close(Files.system().open(name, Access.CREATE));
        require(java.nio.file.Files.deleteIfExists(name), "a new file has the name that the JDK gives it");
        java.nio.file.Files.delete(made);
        try (var paths = java.nio.file.Files.list(directory)) {
            require(paths.count() == files, "no file was made");
        }
        System.out.println("files=" + files);
    }

    private static byte[] read(Path path, Access access) {
        int descriptor = Files.system().open(path, access);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(256);
            long count = Files.system().read(descriptor, to, 0);
            return to.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        } finally {
            Files.system().close(descriptor);
        }
    }

    private static void require(boolean isTrue, String what) {
        if (!isTrue) {
            throw new AssertionError(what);
        }
    }
}
