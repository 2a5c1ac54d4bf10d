package io.leasehold.bench;

import io.leasehold.bench.process.Sampler;
import io.leasehold.bench.result.Conditions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Reads how busy the machine is with other work, before and during a run.
///
/// Time of other processes is the busy time of all processors without the time of this process, its children and their
/// children. Time in interrupts does not count, because most of it is traffic over loopback that this run causes. Where
/// `/proc` is missing, everything reads 0.
///
/// **Threads.** One thread calls; the sampler reads.
///
/// @see "proc_stat(5)"
final class Watch implements AutoCloseable {

    private static final long BEFORE_MILLIS = 1_500;
    private static final long EVERY_MILLIS = 500;
    private static final double PERCENT = 100;
    private static final Path PROC = Path.of("/proc");

    /// Ticks since the system started, of all processors.
    ///
    /// @param total all ticks
    /// @param busy in processes
    /// @param steal taken by the hypervisor
    /// @param ours in this process and its descendants
    private record Ticks(long total, long busy, long steal, long ours) {

        double others(Ticks since) {
            return share(Math.max(0, busy - since.busy - (ours - since.ours)), since);
        }

        double stolen(Ticks since) {
            return share(steal - since.steal, since);
        }

        private double share(long ticks, Ticks since) {
            return PERCENT * ticks / Math.max(1, total - since.total);
        }
    }

    private final double loadBefore; // (C)
    private final double othersBefore; // (C)
    private final Ticks start; // (C)
    private final Sampler sampler; // (C)
    private Ticks last; // (O) the sampler, until it has ended
    private double loadHighest; // (O) the sampler, until it has ended

    /// Reads for 1.5 seconds how busy the machine is, and begins to watch it.
    ///
    /// @throws InterruptedException if the caller is interrupted
    Watch() throws InterruptedException {
        loadBefore = load();
        Ticks before = ticks(0);
        TimeUnit.MILLISECONDS.sleep(BEFORE_MILLIS);
        start = ticks(before.ours);
        othersBefore = start.others(before);
        loadHighest = loadBefore;
        last = start;
        sampler = new Sampler("conditions", EVERY_MILLIS, this::read);
    }

    /// {@return the conditions since the start; ends the watch}
    ///
    /// @throws InterruptedException if the caller is interrupted
    Conditions stop() throws InterruptedException {
        sampler.stop();
        return Conditions.of(loadBefore, loadHighest, othersBefore, last.others(start), last.stolen(start));
    }

    @Override
    public void close() {
        sampler.close();
    }

    private void read() {
        loadHighest = Math.max(loadHighest, load());
        last = ticks(last.ours);
    }

    private static double load() {
        try {
            return Double.parseDouble(Files.readString(PROC.resolve("loadavg")).split(" ", -1)[0]);
        } catch (IOException e) {
            return 0; // the file exists only on Linux
        }
    }

    /// {@return the ticks now; 0 where `/proc` is missing} The time of a child that has just ended is in no file for a
    /// moment. So the ticks of this process and its descendants never decrease.
    private static Ticks ticks(long oursBefore) {
        try {
            String[] all = Files.readString(PROC.resolve("stat"))
                    .split("\n", 2)[0]
                    .trim()
                    .split(" +", -1);
            long user = Long.parseLong(all[1]) + Long.parseLong(all[2]) + Long.parseLong(all[3]);
            long steal = Long.parseLong(all[8]);
            long total = user + steal;
            for (int i : new int[] {4, 5, 6, 7}) {
                total += Long.parseLong(all[i]);
            }
            ProcessHandle self = ProcessHandle.current();
            long ours = Stream.concat(Stream.of(self), self.descendants())
                    .mapToLong(each -> ticksOf(each.pid()))
                    .sum();
            return new Ticks(total, user, steal, Math.max(oursBefore, ours));
        } catch (IOException e) {
            return new Ticks(0, 0, 0, 0);
        }
    }

    /// {@return the ticks of a process and of its children that have ended; 0 if it has ended}
    private static long ticksOf(long pid) {
        try {
            String stat = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
            return fields.subList(11, 15).stream().mapToLong(Long::parseLong).sum();
        } catch (IOException e) {
            return 0;
        }
    }
}
