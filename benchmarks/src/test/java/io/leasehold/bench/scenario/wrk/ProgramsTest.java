package io.leasehold.bench.scenario.wrk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {

    @TempDir
    private Path folder;

    @Test
    void theFirstExecutableFileOfAFolderIsFound() throws IOException {
        Path first = Files.createDirectory(folder.resolve("first"));
        Path second = Files.createDirectory(folder.resolve("second"));
        Path third = Files.createDirectory(folder.resolve("third"));
        Files.createDirectory(first.resolve("wrk"));
        Files.writeString(first.resolve("nginx"), "not a program");
        Path wrk = program(second.resolve("wrk"));
        Path nginx = program(third.resolve("nginx"));
        program(third.resolve("wrk"));

        Programs programs = Programs.on(String.join(
                File.pathSeparator, "/no/such/folder", "", first.toString(), second.toString(), third.toString()));

        assertThat(programs.wrk()).hasValue(wrk);
        assertThat(programs.nginx()).hasValue(nginx);
        assertThat(programs.missing()).isEmpty();
    }

    @Test
    void aMissingProgramIsReportedInOneLine() throws IOException {
        assertThat(Programs.on("").missing())
                .hasValue("wrk is not installed (not on PATH), so static files were not compared with nginx");
        program(folder.resolve("nginx"));
        assertThat(Programs.on(folder.toString()).missing())
                .hasValue("wrk is not installed (not on PATH), so static files were not compared with nginx");
        Files.delete(folder.resolve("nginx"));
        program(folder.resolve("wrk"));
        assertThat(Programs.on(folder.toString()).missing())
                .hasValue("nginx is not installed (not on PATH), so static files are compared with sendfile only");
    }

    private static Path program(Path file) throws IOException {
        Files.writeString(file, "#!/bin/sh\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file;
    }
}
