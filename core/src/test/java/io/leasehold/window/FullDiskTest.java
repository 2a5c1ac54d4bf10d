package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A small disk that is full: runs [FullDiskProgram] on a tmpfs and on two ext4 file systems.
///
/// The disks are mounted in a mount namespace of the program, so only the program sees them. They and their loop
/// devices disappear when the program ends, however it ends.
@Tag("os")
@Timeout(600)
class FullDiskTest {

    private static final long IMAGE_BYTES = 4 << 20;

    @TempDir
    Path folder;

    @BeforeAll
    static void skipWithoutWindows() {
        TestMemory.require(WindowCacheFixture.canMap(), "nothing is mapped here");
    }

    @ParameterizedTest
    @CsvSource({
        "mount -t tmpfs -o size=1m none disk",
        "mkfs.ext4 -q -F -b 1024 image && mount -o loop image disk",
        "mkfs.ext4 -q -F -b 4096 -O ^has_journal image && mount -o loop image disk"
    })
    void fullDiskIsAnErrorAndNoFault(String mount) throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        Path image = folder.resolve("image");
        try (var file = Files.newByteChannel(Files.createFile(image), StandardOpenOption.WRITE)) {
            file.position(IMAGE_BYTES - 1).write(ByteBuffer.allocate(1));
        }
        String commands = "cd " + folder + " && " + mount;
        requireMount(commands);
        ForkedProgram full = ForkedProgram.of(FullDiskProgram.class)
                .with("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
                .afterShell(commands)
                .after("unshare", "--mount")
                .run(disk.toString());
        System.out.println("FullDiskTest: " + mount + "\n" + full.output());
        assertThat(full.hasCrashed()).as("%s", full).isFalse();
        assertThat(full.exitCode()).as("%s", full).isZero();
        assertThat(full.value("end")).isEqualTo("reached");
        assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(folder.toString());
    }

    private static void requireMount(String commands) throws IOException, InterruptedException {
        TestMemory.require(
                Files.isExecutable(Path.of("/usr/bin/unshare")), "unshare is missing: path=/usr/bin/unshare");
        Process process = new ProcessBuilder("unshare", "--mount", "sh", "-c", commands)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        TestMemory.require(process.waitFor() == 0, "nothing can be mounted here: " + commands + ": " + output);
    }
}
