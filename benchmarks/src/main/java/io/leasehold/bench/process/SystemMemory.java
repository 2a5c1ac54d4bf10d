package io.leasehold.bench.process;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/// Memory of the machine and of processes, as the system reports it.
public final class SystemMemory {

    private SystemMemory() {}

    /// {@return bytes of memory available to new processes, including container limits}
    ///
    /// @see "proc_meminfo(5), MemAvailable"
    public static long availableBytes() {
        long total = totalBytes();
        return Math.min(total, field(Path.of("/proc/meminfo"), "MemAvailable:").orElse(total));
    }

    /// {@return bytes of memory of the machine or of its container}
    public static long totalBytes() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize();
    }

    /// {@return resident bytes of a process; 0 if it has ended or the system does not report them}
    ///
    /// @param pid of the process
    /// @see "proc_pid_status(5), VmRSS"
    public static long residentBytes(long pid) {
        return field(Path.of("/proc", Long.toString(pid), "status"), "VmRSS:").orElse(0);
    }

    /// {@return bytes that are live on the heap of this process after a garbage collection}
    public static long liveHeapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /// {@return the value of a line of a file of the system, in bytes; empty if there is none}
    private static OptionalLong field(Path file, String name) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty(); // the file exists only on Linux, and while the process lives
        }
    }
}
