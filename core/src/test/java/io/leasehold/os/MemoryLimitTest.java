package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryLimitTest {

    private static final long OTHERWISE = 77;
    private static final long MACHINE = 1_000L * 1024;
    private static final String V2_MOUNT = "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
    private static final String V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    private static final String V1_CPU_MOUNT = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    private static final String V1_NO_LIMIT = "9223372036854771712";

    @TempDir
    Path root;

    @Test
    void machineWithoutControlGroupsHasItsMemory() {
        file("proc/meminfo", "MemTotal:           1000 kB\nMemFree:            500 kB\n");
        assertThat(limit()).isEqualTo(MACHINE);
    }

    @Test
    void systemWithoutFilesHasTheMemoryOfTheCaller() {
        assertThat(limit()).isEqualTo(OTHERWISE);
    }

    @Test
    void thisSystemHasPositiveLimit() {
        assertThat(MemoryLimit.ofSystem()).isPositive();
    }

    @Test
    void version2LimitIsFound() {
        machine("0::/a\n", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.max", "5000\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @Test
    void version1LimitIsFound() {
        machine("4:memory:/a\n1:cpu:/b\n0::/\n", V1_CPU_MOUNT + V1_MOUNT);
        file("sys/fs/cgroup/memory/memory.limit_in_bytes", V1_NO_LIMIT);
        file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n");
        file("sys/fs/cgroup/cpu/b/memory.limit_in_bytes", "1\n");
        assertThat(limit()).isEqualTo(6_000);
    }

    @Test
    void version1ControllersShareHierarchy() {
        machine("4:cpu,memory,pids:/a\n", "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,cpu,memory,pids\n");
        file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n");
        assertThat(limit()).isEqualTo(6_000);
    }

    @Test
    void hybridTakesTheLeastOfBoth() {
        machine("4:memory:/a\n0::/b\n", V1_MOUNT + V2_MOUNT.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"));
        file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n");
        assertThat(limit()).isEqualTo(6_000);
        file("sys/fs/cgroup/unified/b/memory.max", "5000\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @ParameterizedTest
    @CsvSource({"4000,max,max", "max,4000,max", "max,max,4000", "4000,5000,6000", "6000,5000,4000", "5000,4000,6000"})
    void leastLimitOfAllGroupsAboveCounts(String outer, String middle, String inner) {
        machine("0::/a/b/c\n", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.max", outer);
        file("sys/fs/cgroup/a/b/memory.max", middle);
        file("sys/fs/cgroup/a/b/c/memory.max", inner);
        assertThat(limit()).isEqualTo(4_000);
    }

    @ParameterizedTest
    @CsvSource({"4000,%1$s,%1$s", "%1$s,4000,%1$s", "%1$s,%1$s,4000", "4000,5000,6000", "6000,5000,4000"})
    void leastLimitOfAllVersion1GroupsAboveCounts(String outer, String middle, String inner) {
        machine("4:memory:/a/b/c\n", V1_MOUNT);
        String mount = "sys/fs/cgroup/memory/";
        file(mount + "a/memory.limit_in_bytes", outer.formatted(V1_NO_LIMIT));
        file(mount + "a/b/memory.limit_in_bytes", middle.formatted(V1_NO_LIMIT));
        file(mount + "a/b/c/memory.limit_in_bytes", inner.formatted(V1_NO_LIMIT));
        assertThat(limit()).isEqualTo(4_000);
    }

    @Test
    void groupOfAHierarchyThatIsNotMountedIsNone() {
        machine("4:memory:/a\n0::/a\n", V1_CPU_MOUNT);
        file("sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1\n");
        file("sys/fs/cgroup/a/memory.max", "1\n");
        assertThat(limit()).isEqualTo(MACHINE);
    }

    /// A limit bounds the charged bytes. The bytes charged now do not count, because they include page cache, which the
    /// kernel can drop.
    @Test
    void bytesChargedNowAreNotRead() {
        machine("0::/a\n", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.max", "5000\n");
        file("sys/fs/cgroup/a/memory.current", "4999\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"max", V1_NO_LIMIT, "18446744073709551615", "1099511627776"})
    void limitAboveTheMachineIsNone(String value) {
        machine("0::/a\n", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.max", value);
        assertThat(limit()).isEqualTo(MACHINE);
    }

    @Test
    void limitOfTheMountsRootCounts() {
        machine("0::/\n", V2_MOUNT);
        file("sys/fs/cgroup/memory.max", "5000\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @Test
    void containerSeesItsGroupAsTheRootOfTheMount() {
        machine("4:memory:/docker/x\n", V1_MOUNT.replace(" / ", " /docker/x "));
        file("sys/fs/cgroup/memory/memory.limit_in_bytes", "6000\n");
        assertThat(limit()).isEqualTo(6_000);
    }

    @Test
    void groupBelowTheRootOfTheMountIsFound() {
        machine("4:memory:/docker/x/y\n", V1_MOUNT.replace(" / ", " /docker/x "));
        file("sys/fs/cgroup/memory/memory.limit_in_bytes", "6000\n");
        file("sys/fs/cgroup/memory/y/memory.limit_in_bytes", "3000\n");
        assertThat(limit()).isEqualTo(3_000);
    }

    @Test
    void groupOutsideItsNamespaceCountsWithTheRootOfTheMount() {
        machine("0::/../../other\n", V2_MOUNT);
        file("sys/fs/cgroup/memory.max", "5000\n");
        file("other/memory.max", "1\n");
        file("sys/other/memory.max", "1\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @Test
    void groupBelowMountedGroupOutsideTheNamespaceIsFound() {
        machine("0::/../other/a\n", V2_MOUNT.replace(" / ", " /.. "));
        file("sys/fs/cgroup/memory.max", "5000\n");
        file("sys/fs/cgroup/other/a/memory.max", "3000\n");
        assertThat(limit()).isEqualTo(3_000);
    }

    @Test
    void mountThatDoesNotHoldTheGroupIsNotAsked() {
        machine("0::/a\n", "40 31 0:27 /b /somewhere rw - cgroup2 cgroup2 rw\n" + V2_MOUNT);
        file("somewhere/memory.max", "1\n");
        file("sys/fs/cgroup/a/memory.max", "5000\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @Test
    void blanksInPathsAreRead() {
        machine("0::/a b\n", "40 31 0:27 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
        file("my groups/a b/memory.max", "5000\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @Test
    void removedGroupCountsWithTheGroupsAbove() {
        machine("0::/a/gone\n", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.max", "5000\n");
        assertThat(limit()).isEqualTo(5_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "garbage", "-1", "0", "5000 bytes", "\0"})
    void malformedLimitIsNone(String value) {
        machine("0::/a\n", V2_MOUNT);
        file("sys/fs/cgroup/a/memory.max", value);
        assertThat(limit()).isEqualTo(MACHINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "0::", "0::relative", "0::/\0", "::::", "4:memory\n", "x:y:z"})
    void malformedGroupIsNone(String groups) {
        machine(groups, V2_MOUNT);
        assertThat(limit()).isEqualTo(MACHINE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                " - ",
                "1 2 3 4 5 6 - cgroup2 a b",
                "1 2 3 / relative 6 - cgroup2 a b",
                "1 2 3 / /\0 6 - cgroup2 a b",
                "1 2 3 / /sys/fs/cgroup rw"
            })
    void malformedMountIsNone(String mounts) {
        machine("0::/a\n", mounts);
        file("sys/fs/cgroup/a/memory.max", "1\n");
        assertThat(limit()).isEqualTo(MACHINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "MemTotal:", "MemTotal: x kB", "MemTotal: -5 kB", "MemTotal: 9223372036854775807 kB"})
    void malformedMachineHasTheMemoryOfTheCaller(String meminfo) {
        file("proc/meminfo", meminfo);
        assertThat(limit()).isEqualTo(OTHERWISE);
    }

    @Test
    void directoriesAndOtherBytesInPlaceOfFilesAreNone() throws IOException {
        Files.createDirectories(root.resolve("proc/self/cgroup"));
        Files.createDirectories(root.resolve("proc/meminfo"));
        Files.write(root.resolve("proc/self/mountinfo"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(limit()).isEqualTo(OTHERWISE);
    }

    private long limit() {
        return MemoryLimit.read(root, OTHERWISE);
    }

    private void machine(String groups, String mounts) {
        file("proc/meminfo", "MemTotal:           1000 kB\n");
        file("proc/self/cgroup", groups);
        file("proc/self/mountinfo", mounts);
    }

    private void file(String name, String content) {
        try {
            Path file = root.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
