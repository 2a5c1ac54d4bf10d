package io.leasehold.bench.scenario.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A control group for one child process, to which only the memory of the child is charged. If this user may not create
/// one, there is no group and no charge.
///
/// **Ownership.** Closing it removes the group. The child must have ended.
///
/// @see <a href="https://docs.kernel.org/admin-guide/cgroup-v2.html">cgroups(7)</a>
record ChargedGroup(Optional<Path> directory) implements AutoCloseable {

    private static final Path V1 = Path.of("/sys/fs/cgroup/memory");
    private static final Path V2 = Path.of("/sys/fs/cgroup");
    private static final String V1_USAGE = "memory.usage_in_bytes";
    private static final String V2_USAGE = "memory.current";

    static ChargedGroup open() {
        Path parent = Files.exists(V1.resolve(V1_USAGE)) ? V1 : V2;
        Path directory = parent.resolve(
                "leasehold-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()));
        try {
            Files.createDirectory(directory);
        } catch (IOException e) {
            return new ChargedGroup(Optional.empty());
        }
        ChargedGroup group = new ChargedGroup(Optional.of(directory));
        if (Files.exists(directory.resolve(V1_USAGE)) || Files.exists(directory.resolve(V2_USAGE))) {
            return group;
        }
        group.close(); // the memory controller is not enabled
        return new ChargedGroup(Optional.empty());
    }

    /// {@return the file with the charge, or an empty string}
    String usageFile() {
        return directory
                .map(group -> group.resolve(Files.exists(group.resolve(V1_USAGE)) ? V1_USAGE : V2_USAGE))
                .map(Path::toString)
                .orElse("");
    }

    /// Charges the memory that the process touches after this call.
    void add(long pid) throws IOException {
        if (directory.isPresent()) {
            Files.writeString(directory.get().resolve("cgroup.procs"), Long.toString(pid));
        }
    }

    @Override
    public void close() {
        // the kernel may not have removed the child yet; a remaining empty group costs nothing
        directory.ifPresent(group -> {
            boolean removed = group.toFile().delete();
            for (int i = 0; i < 1000 && !removed; i++) {
                Thread.onSpinWait();
                removed = group.toFile().delete();
            }
        });
    }
}
