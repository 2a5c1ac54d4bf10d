package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileFolderTest {

    @TempDir
    Path folder;

    /// The names of files are bytes, and those of requests are UTF-8, whatever the locale.
    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8"})
    void filesAreFoundByTheirBytesInEachLocale(String locale) throws Exception {
        Path inner = Files.createDirectory(Path.of(URI.create(folder.toUri() + "d%C3%A9")));
        Files.write(Path.of(URI.create(folder.toUri() + "%C3%BC.txt")), new byte[1]);
        Files.write(Path.of(URI.create(inner.toUri() + "%E2%82%AC%20x")), new byte[2]);
        Files.write(inner.resolve("index.html"), new byte[3]);
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FileFolderProgram.class.getName(),
                folder.toUri().toString(),
                "/%C3%BC.txt",
                "/d%c3%a9/%E2%82%AC%20x",
                "/d%c3%a9/");
        java.environment().put("LC_ALL", locale);
        Process process = java.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), US_ASCII);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.lines()).containsExactly("1", "2", "3");
    }
}
