package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files.Access;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A file is opened by the same bytes as the JDK opens it, whatever the locale makes of its name.
class PathBytesTest {

    /// Percent-encoded bytes: ASCII, UTF-8, Latin-1, bytes of no encoding, and letters with a meaning in a URI.
    private static final List<String> NAMES =
            List.of("plain", "caf%C3%A9", "caf%E9", "%FF%FE%80", "%E2%82%AC%20%25%3F%23", "a%0Ab", "%F0%9F%98%80");

    @TempDir
    Path folder;

    @BeforeEach
    void writeFiles() throws IOException {
        for (String name : NAMES) {
            java.nio.file.Files.writeString(inFolder(name), name);
        }
        java.nio.file.Files.createSymbolicLink(inFolder("link-%C3%BC"), inFolder("caf%E9"));
        java.nio.file.Files.createSymbolicLink(
                inFolder("%FF-link"), inFolder("caf%C3%A9").getFileName());
    }

    private Path inFolder(String name) {
        return Path.of(URI.create(folder.toUri() + name));
    }

    @Test
    void everyNameOpensInThisLocale() throws Exception {
        PathBytesProgram.main(new String[] {folder.toString()});
    }

    @ParameterizedTest
    @CsvSource({
        "C, --enable-native-access=ALL-UNNAMED", "C, --illegal-native-access=deny",
        "C.UTF-8, --enable-native-access=ALL-UNNAMED", "C.UTF-8, --illegal-native-access=deny"
    })
    void everyNameOpensInEachLocaleAndForm(String locale, String access) throws Exception {
        opens(folder.toFile(), locale, access, folder.toString());
    }

    @ParameterizedTest
    @CsvSource({"C, --enable-native-access=ALL-UNNAMED", "C.UTF-8, --enable-native-access=ALL-UNNAMED"})
    void relativePathStartsAtTheDirectoryOfTheJdk(String locale, String access) throws Exception {
        opens(folder.toFile(), locale, access, ".");
        Path inside = java.nio.file.Files.createDirectory(folder.resolve("inside"));
        java.nio.file.Files.writeString(inside.resolve("file"), "content");
        Path other = java.nio.file.Files.createDirectories(folder.resolve("other/inside"));
        java.nio.file.Files.writeString(other.resolve("file"), "other");
        ForkedJvm child = ForkedJvm.runIn(
                folder.toFile(),
                locale,
                PathBytesProgram.class,
                List.of(access, "-Duser.dir=" + folder.resolve("other")),
                List.of("inside"));
        assertThat(child.exitCode()).as(child.output()).isZero();
    }

    @Test
    void otherFileSystemIsRejected() throws Exception {
        URI archive = URI.create("jar:" + folder.resolve("archive.zip").toUri());
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Path inArchive = zip.getPath("/file");
            java.nio.file.Files.writeString(inArchive, "content");
            assertThatThrownBy(() -> Files.system().open(inArchive, Access.CREATE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("path is not of the default file system");
        }
    }

    @Test
    void emptyPathIsTheWorkingDirectory() {
        assertThatThrownBy(() -> Files.system().open(Path.of(""), Access.READ))
                .isInstanceOf(SystemCallException.class)
                .hasMessageContaining("not a regular file");
    }

    private static void opens(File directory, String locale, String access, String argument) throws Exception {
        ForkedJvm child =
                ForkedJvm.runIn(directory, locale, PathBytesProgram.class, List.of(access), List.of(argument));
        assertThat(child.exitCode()).as(child.output()).isZero();
        assertThat(child.output()).contains("files=" + (NAMES.size() + 2));
    }
}
