package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Pressure is read from the files of the control group, and a bad file leaves its number unknown.
class MemoryPressureTest {

    private static final MemoryPressure UNKNOWN = new MemoryPressure(Double.NaN, -1);
    private static final String V2_MOUNT = "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
    private static final String V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    private static final String PSI = """
            some avg10=%s avg60=0.05 avg300=0.01 total=123456
            full avg10=0.00 avg60=0.00 avg300=0.00 total=0
            """;

    @TempDir
    Path root;

    @Test
    void systemWithoutFilesIsUnknown() {
        assertThat(MemoryPressure.read(root)).isEqualTo(UNKNOWN);
    }

    @Test
    void thisSystemIsReadWithoutAnError() {
        MemoryPressure pressure = MemoryPressure.read();
        System.out.println(pressure);
        assertThat(pressure.stallPercent())
                .satisfiesAnyOf(p -> assertThat(p).isNaN(), p -> assertThat(p).isBetween(0.0, 100.0));
    }

    @Test
    void version2GroupIsRead() {
        file("proc/self/cgroup", "0::/a/b\n");
        file("proc/self/mountinfo", V2_MOUNT);
        file("sys/fs/cgroup/a/b/memory.pressure", PSI.formatted("12.50"));
        file("sys/fs/cgroup/a/b/memory.stat", "anon 1000\nfile 77\nshmem 234\nanon_thp 5\n");
        file("proc/pressure/memory", PSI.formatted("99.00"));
        assertThat(MemoryPressure.read(root)).isEqualTo(new MemoryPressure(12.5, 1234));
    }

    @Test
    void version1GroupHasMemoryButThePressureOfTheMachine() {
        file("proc/self/cgroup", "4:memory:/a\n1:cpu:/b\n0::/\n");
        file("proc/self/mountinfo", V1_MOUNT);
        file("sys/fs/cgroup/memory/a/memory.stat", "rss 1\ntotal_rss 1000\ntotal_cache 9\ntotal_shmem 234\n");
        file("proc/pressure/memory", PSI.formatted("0.25"));
        assertThat(MemoryPressure.read(root)).isEqualTo(new MemoryPressure(0.25, 1234));
    }

    @Test
    void groupOutsideTheMountIsItsNearestVisibleAncestor() {
        file("proc/self/cgroup", "0::/../other\n");
        file("proc/self/mountinfo", V2_MOUNT.replace(" / /sys", " /pod /sys"));
        file("sys/fs/cgroup/memory.stat", "anon 7\n");
        assertThat(MemoryPressure.read(root)).isEqualTo(new MemoryPressure(Double.NaN, 7));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n\n",
                "some\n",
                "some avg10\n",
                "some avg10=\n",
                "some avg10=x avg60=1\n",
                "some avg10=-1.00\n",
                "some avg10=101\n",
                "some avg10=NaN\n",
                "some avg10=Infinity\n",
                "full avg10=5.00\n",
                "\0\0\0\u0001",
                "anon\n",
                "anon x\n",
                "anon -5\n",
                "anon 1 2\n",
                "anon 99999999999999999999\n",
                "anon 9223372036854775807\nshmem 1\n"
            })
    void malformedFileIsUnknown(String text) {
        file("proc/self/cgroup", "garbage\n::\n0::/a\n");
        file("proc/self/mountinfo", "garbage\n" + V2_MOUNT);
        file("sys/fs/cgroup/a/memory.pressure", text);
        file("sys/fs/cgroup/a/memory.stat", text);
        assertThat(MemoryPressure.read(root)).isEqualTo(UNKNOWN);
    }

    @Test
    void bytesThatAreNoTextAreUnknown() throws IOException {
        file("proc/self/cgroup", "0::/a\n");
        file("proc/self/mountinfo", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.pressure", "");
        Files.write(root.resolve("sys/fs/cgroup/a/memory.stat"), new byte[] {(byte) 0xc3, (byte) 0x28, (byte) 0xff});
        assertThat(MemoryPressure.read(root)).isEqualTo(UNKNOWN);
    }

    private void file(String name, String text) {
        try {
            Path file = root.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
