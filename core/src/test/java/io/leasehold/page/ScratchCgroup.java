package io.leasehold.page;

import io.leasehold.memory.TestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/// A control group of version 1 or 2 for one forked JVM, if this process may create one.
///
/// **Ownership.** Closing it removes the group, after the JVM in it ended.
///
/// @see <a href="https://docs.kernel.org/admin-guide/cgroup-v2.html">cgroups(7)</a>
final class ScratchCgroup implements AutoCloseable {

    private static final Path V1 = Path.of("/sys/fs/cgroup/memory");
    private static final Path V2 = Path.of("/sys/fs/cgroup");
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Path directory; // (C)
    private final boolean isV1; // (C)

    private ScratchCgroup(Path directory, boolean isV1) {
        this.directory = directory;
        this.isV1 = isV1;
    }

    /// {@return a group with a limit of `byteLimit` bytes} Skips the calling test if no group can be created.
    static ScratchCgroup require(long byteLimit) throws IOException {
        boolean isV1 = Files.exists(V1.resolve("memory.limit_in_bytes"));
        Path parent = isV1 ? V1 : V2;
        TestMemory.require(
                isV1 || hasMemory(V2.resolve("cgroup.subtree_control")), "no memory cgroup can be made here");
        TestMemory.require(Files.isWritable(parent), "this user may not make a cgroup in " + parent);
        String name = "leasehold-test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        Path directory = parent.resolve(name);
        try {
            Files.createDirectory(directory);
        } catch (IOException e) {
            TestMemory.require(false, "no cgroup can be made here: " + e);
        }
        ScratchCgroup group = new ScratchCgroup(directory, isV1);
        Files.writeString(directory.resolve(isV1 ? "memory.limit_in_bytes" : "memory.max"), Long.toString(byteLimit));
        return group;
    }

    /// {@return the file with the current charge of the group}
    Path usageFile() {
        return directory.resolve(isV1 ? "memory.usage_in_bytes" : "memory.current");
    }

    /// {@return the same program, inside this group}
    ForkedProgram.Plan around(ForkedProgram.Plan plan) {
        return plan.afterShell("echo $$ > " + directory.resolve("cgroup.procs"));
    }

    /// {@return number of processes that the kernel killed in this group because of its limit}
    long kills() throws IOException {
        return Files.readAllLines(directory.resolve(isV1 ? "memory.oom_control" : "memory.events")).stream()
                .filter(line -> line.startsWith("oom_kill "))
                .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length())))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        // the kernel removes a process from the group some time after its parent saw it end
        BooleanSupplier isRemoved = () -> {
            try {
                return Files.deleteIfExists(directory) || !Files.exists(directory);
            } catch (IOException e) {
                return false;
            }
        };
        Eventually.holds("the cgroup can be removed: " + directory, isRemoved);
    }

    private static boolean hasMemory(Path controllers) throws IOException {
        return Files.exists(controllers) && Files.readString(controllers).contains("memory");
    }
}
