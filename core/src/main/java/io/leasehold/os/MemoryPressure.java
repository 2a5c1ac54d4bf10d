package io.leasehold.os;

import java.nio.file.Path;
import java.util.List;

/// How short of memory the control group of this process is, or the machine.
///
/// ```text
///   memory.pressure, /proc/pressure/memory    some avg10=0.12 avg60=0.05 avg300=0.01 total=123456
///   memory.stat (version 2)                   anon 1234, shmem 56
///   memory.stat (version 1)                   total_rss 1234, total_shmem 56
/// ```
///
/// The pressure of the group counts if the kernel reports it, or else that of the machine. `memory.current` is not
/// used, because it includes page cache, which the kernel gives back by itself. A missing, unreadable or malformed file
/// leaves its number unknown.
///
/// @param stallPercent part of the last ten seconds in which at least one task waited for memory, in percent; NaN if
///     unknown
/// @param anonBytes anonymous memory and shared memory of the group in bytes; negative if unknown
/// @see <a href="https://docs.kernel.org/accounting/psi.html">Pressure Stall Information</a>
public record MemoryPressure(double stallPercent, long anonBytes) {

    private static final long UNKNOWN_BYTES = -1;

    /// {@return the pressure now; each call reads the files anew, some tens of microseconds}
    public static MemoryPressure read() {
        return read(Path.of("/"));
    }

    /// {@return the pressure by the files below `root`}
    static MemoryPressure read(Path root) {
        double stall = Double.NaN;
        long anon = UNKNOWN_BYTES;
        for (Path folder : MemoryLimit.folders(root)) {
            if (Double.isNaN(stall)) {
                stall = stallPercent(MemoryLimit.lines(folder.resolve("memory.pressure")));
            }
            if (anon < 0) {
                anon = anonBytes(MemoryLimit.lines(folder.resolve("memory.stat")));
            }
        }
        if (Double.isNaN(stall)) {
            stall = stallPercent(MemoryLimit.lines(root.resolve("proc/pressure/memory")));
        }
        return new MemoryPressure(stall, anon);
    }

    private static double stallPercent(List<String> lines) {
        for (String line : lines) {
            String[] fields = line.strip().split("\\s+", -1);
            if (fields.length > 1 && fields[0].equals("some") && fields[1].startsWith("avg10=")) {
                return percent(fields[1].substring("avg10=".length()));
            }
        }
        return Double.NaN;
    }

    private static double percent(String text) {
        try {
            double percent = Double.parseDouble(text);
            return percent >= 0 && percent <= 100 ? percent : Double.NaN;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static long anonBytes(List<String> lines) {
        long anon = first(lines, "anon", "total_rss");
        long shared = first(lines, "shmem", "total_shmem");
        return anon < 0 || shared > Long.MAX_VALUE - anon ? UNKNOWN_BYTES : anon + Math.max(0, shared);
    }

    /// {@return the number after the first of the names that has one, or a negative number}
    private static long first(List<String> lines, String... names) {
        for (String name : names) {
            for (String line : lines) {
                String[] fields = line.strip().split("\\s+", -1);
                if (fields.length == 2 && fields[0].equals(name)) {
                    return bytes(fields[1]);
                }
            }
        }
        return UNKNOWN_BYTES;
    }

    private static long bytes(String text) {
        try {
            return Math.max(UNKNOWN_BYTES, Long.parseLong(text));
        } catch (NumberFormatException e) {
            return UNKNOWN_BYTES;
        }
    }
}
