package io.leasehold.observe.counters;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// Finds the counter files whose process is gone, and removes the old ones.
///
/// The number of a process is used again by a later one. So a file belongs to a process only if the start of the
/// process is the same, too.
///
/// **Threads.** Stateless.
final class StaleFiles {

    /// The numbers of a process that died can be read for this time.
    private static final Duration KEPT = Duration.ofDays(1);

    private static final String NAMES = "[0-9]+(-[0-9])?";

    private StaleFiles() {}

    /// {@return true if a path is the counter file of a process}
    ///
    /// @throws ClosedByInterruptException if the thread was interrupted, so that the answer is not known
    static boolean isOf(Path path, ProcessHandle process) throws ClosedByInterruptException {
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        try {
            CounterSnapshot snapshot = CounterSnapshot.read(path);
            return snapshot.pid() == process.pid() && snapshot.startMillis() == startOf(process);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            return false;
        }
    }

    /// {@return the start of a process in milliseconds since 1970, or 0 if the system does not report it}
    static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    /// Removes the files that were not written for a day and whose process is gone. A file that cannot be removed
    /// stays.
    static void remove(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path path : files) {
                if (path.getFileName().toString().matches(NAMES) && isOld(path) && isGone(path)) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (IOException | RuntimeException e) {
            // the next process tries again
        }
    }

    private static boolean isOld(Path path) throws IOException {
        Instant written =
                Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
        return written.isBefore(Instant.now().minus(KEPT));
    }

    private static boolean isGone(Path path) throws ClosedByInterruptException {
        long pid = Long.parseLong(path.getFileName().toString().replaceFirst("-.*", ""));
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        return process.isEmpty() || !isOf(path, process.get());
    }
}
