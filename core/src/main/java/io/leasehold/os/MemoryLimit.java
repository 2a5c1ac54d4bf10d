package io.leasehold.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The memory limit of this process: the minimum of the machine's memory and of the limits of all control groups above
/// it.
///
/// A group is found by its path in `/proc/self/cgroup`, below the mounts that `/proc/self/mountinfo` lists. Its own
/// limit counts, and so do the limits of all groups above it, up to the root of the mount. If a group is outside the
/// mounts (in another namespace), the root of the mount counts, which is its nearest visible ancestor. A missing or
/// malformed file is no limit. Version 1 writes "no limit" as a number near 2^63, which the minimum ignores; version 2
/// writes `max`.
///
/// @see <a href="https://docs.kernel.org/admin-guide/cgroup-v2.html">Control Group v2</a>
final class MemoryLimit {

    /// The number of maximum heaps that the memory of the machine is assumed to be, if the machine does not report it.
    /// The default heap of a JVM is a quarter of the memory.
    private static final int HEAPS = 4;

    private MemoryLimit() {}

    /// {@return the limit of this process in bytes; each call reads it anew}
    static long ofSystem() {
        long heap = Runtime.getRuntime().maxMemory();
        return read(Path.of("/"), heap > Long.MAX_VALUE / HEAPS ? Long.MAX_VALUE : heap * HEAPS);
    }

    /// {@return the limit in bytes, from the files below `root`}
    ///
    /// @param otherwise memory of the machine in bytes if no file reports it
    static long read(Path root, long otherwise) {
        long limit = physicalMemory(root, otherwise);
        List<Mount> mounts = mounts(root);
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            // hierarchy : controllers : path of the group
            String[] fields = line.split(":", 3);
            if (fields.length == 3) {
                for (Version version : Version.values()) {
                    if (version.isHierarchy(fields[0], fields[1])) {
                        limit = Math.min(limit, least(root, mounts, version, fields[2]));
                    }
                }
            }
        }
        return limit;
    }

    private static List<Mount> mounts(Path root) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : lines(root.resolve("proc/self/mountinfo"))) {
            Mount mount = Mount.parse(line);
            if (mount != null) {
                mounts.add(mount);
            }
        }
        return mounts;
    }

    /// {@return the folders of the memory groups of this process: of version 2 first, none if no group is visible}
    static List<Path> folders(Path root) {
        List<Mount> mounts = mounts(root);
        List<String> groups = lines(root.resolve("proc/self/cgroup"));
        List<Path> folders = new ArrayList<>();
        for (Version version : List.of(Version.V2, Version.V1)) {
            for (String line : groups) {
                String[] fields = line.split(":", 3);
                if (fields.length == 3 && version.isHierarchy(fields[0], fields[1])) {
                    mounts.stream()
                            .filter(version::isMount)
                            .map(mount -> mount.folder(root, fields[2]))
                            .forEach(folders::add);
                }
            }
        }
        return folders;
    }

    private static long least(Path root, List<Mount> mounts, Version version, String group) {
        long least = Long.MAX_VALUE;
        boolean isFound = false;
        for (Mount mount : mounts) {
            Path below = version.isMount(mount) ? mount.below(group) : null;
            if (below != null) {
                isFound = true;
                least = Math.min(least, leastUpwards(mount.point(root), below, version.limitFile));
            }
        }
        if (isFound) {
            return least;
        }
        for (Mount mount : mounts) {
            if (version.isMount(mount)) {
                return limitIn(mount.point(root).resolve(version.limitFile));
            }
        }
        return Long.MAX_VALUE;
    }

    private static long leastUpwards(Path mountPoint, Path below, String limitFile) {
        long least = limitIn(mountPoint.resolve(limitFile));
        Path group = mountPoint;
        for (Path name : below) {
            group = group.resolve(name);
            least = Math.min(least, limitIn(group.resolve(limitFile)));
        }
        return least;
    }

    private static long limitIn(Path file) {
        List<String> lines = lines(file);
        return lines.isEmpty() ? Long.MAX_VALUE : positive(lines.getFirst(), Long.MAX_VALUE);
    }

    private static long physicalMemory(Path root, long otherwise) {
        for (String line : lines(root.resolve("proc/meminfo"))) {
            // MemTotal:       24684084 kB
            if (line.startsWith("MemTotal:") && line.endsWith("kB")) {
                long kibibytes = positive(line.substring("MemTotal:".length(), line.length() - 2), 0);
                if (kibibytes > 0 && kibibytes <= Long.MAX_VALUE / 1024) {
                    return kibibytes * 1024;
                }
            }
        }
        return otherwise;
    }

    /// {@return the lines of a file, none if it cannot be read}
    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }

    private static long positive(String text, long otherwise) {
        try {
            long value = Long.parseLong(text.strip());
            return value > 0 ? value : otherwise;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /// The two interfaces of control groups; a machine may have both mounted.
    private enum Version {
        V1("memory.limit_in_bytes") {
            @Override
            boolean isHierarchy(String number, String controllers) {
                return hasMemory(controllers);
            }

            @Override
            boolean isMount(Mount mount) {
                return mount.type.equals("cgroup") && hasMemory(mount.options);
            }
        },
        V2("memory.max") {
            @Override
            boolean isHierarchy(String number, String controllers) {
                return number.equals("0") && controllers.isEmpty();
            }

            @Override
            boolean isMount(Mount mount) {
                return mount.type.equals("cgroup2");
            }
        };

        private final String limitFile;

        Version(String limitFile) {
            this.limitFile = limitFile;
        }

        abstract boolean isHierarchy(String number, String controllers);

        abstract boolean isMount(Mount mount);

        private static boolean hasMemory(String commaSeparated) {
            return Arrays.asList(commaSeparated.split(",", -1)).contains("memory");
        }
    }

    /// A mounted hierarchy: the group `group` of it is visible at `point`.
    private record Mount(Path group, Path point, String type, String options) {

        /// Reads `36 35 98:0 /group /point rw,noatime master:1 - cgroup2 none rw,memory`.
        static @Nullable Mount parse(String line) {
            int middle = line.indexOf(" - ");
            if (middle < 0) {
                return null;
            }
            String[] place = line.substring(0, middle).split(" ", -1);
            String[] system = line.substring(middle + 3).split(" ", -1);
            if (place.length < 6 || system.length < 3) {
                return null;
            }
            try {
                Path point = Path.of(unescape(place[4]));
                return point.isAbsolute() ? new Mount(Path.of(unescape(place[3])), point, system[0], system[2]) : null;
            } catch (InvalidPathException e) {
                return null;
            }
        }

        /// {@return the path of the mount if the file system starts at `root`}
        Path point(Path root) {
            return root.resolve(Path.of("/").relativize(point));
        }

        /// {@return the folder of the group `name`, or of its nearest visible ancestor, the root of the mount}
        Path folder(Path root, String name) {
            Path below = below(name);
            return below == null ? point(root) : point(root).resolve(below);
        }

        /// {@return the path from the group of this mount down to `name`, or null if `name` is not below the group}
        @Nullable Path below(String name) {
            Path whole;
            try {
                whole = Path.of(name);
            } catch (InvalidPathException e) {
                return null;
            }
            if (!whole.startsWith(group)) {
                return null;
            }
            Path below = group.relativize(whole);
            for (Path step : below) {
                if (step.toString().equals("..")) {
                    return null;
                }
            }
            return below;
        }

        /// Replaces escapes: blanks, tabs, newlines and backslashes in paths are written as three octal digits.
        private static String unescape(String path) {
            return path.replace("\\040", " ")
                    .replace("\\011", "\t")
                    .replace("\\012", "\n")
                    .replace("\\134", "\\");
        }
    }
}
