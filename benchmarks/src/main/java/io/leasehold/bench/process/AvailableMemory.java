package io.leasehold.bench.process;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory that is available on this machine.
public final class AvailableMemory {

    private AvailableMemory() {}

    /// {@return bytes of memory available to new processes, as far as the system reports it, including container
    /// limits}
    ///
    /// @see "proc_meminfo(5), MemAvailable"
    public static long bytes() {
        long total = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    return Math.min(total, Long.parseLong(line.replaceAll("\\D", "")) << 10);
                }
            }
            return total;
        } catch (IOException e) {
            return total;
        }
    }
}
