package io.leasehold.bench;

import io.leasehold.bench.process.Sampler;
import io.leasehold.bench.result.Conditions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
    record Ticks(long total, long busy, long steal, long ours) {

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
    private final Ticks before; // (C)
    private final Ticks start; // (C)
    private final Sampler sampler; // (C)
    private Ticks last; // (O) the sampler, until it has ended
    private double loadHighest; // (O) the sampler, until it has ended

    /// Reads for 1.5 seconds how busy the machine is, and begins to watch it.
    ///
    /// @throws InterruptedException if the caller is interrupted
    Watch() throws InterruptedException {
        loadBefore = load();
        before = ticks(0);
        TimeUnit.MILLISECONDS.sleep(BEFORE_MILLIS);
        start = ticks(before.ours);
        loadHighest = loadBefore;
        last = start;
        sampler = new Sampler("conditions", EVERY_MILLIS, this::read);
    }

    /// {@return a sentence that says how busy the machine was before the run; empty if it was quiet}
    Optional<String> warning() {
        return warning(conditions(loadBefore, loadBefore, before, start, start));
    }

    static Optional<String> warning(Conditions before) {
        return before.disturbed()
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "# The machine is busy, so this run will have no verdicts: other processes use %.0f %% of the"
                                + " processors, the hypervisor takes %.0f %%, and the load average is %.1f.",
                        before.othersBeforePercent(),
                        before.stealPercent(),
                        before.loadBefore()))
                : Optional.empty();
    }

    /// {@return the conditions since the start; ends the watch}
    ///
    /// @throws InterruptedException if the caller is interrupted
    Conditions stop() throws InterruptedException {
        sampler.stop();
        return conditions(loadBefore, loadHighest, before, start, last);
    }

    /// {@return the conditions of a run}
    ///
    /// @param before ticks some time before the run
    /// @param start ticks at its start
    /// @param last ticks at its end
    static Conditions conditions(double loadBefore, double loadHighest, Ticks before, Ticks start, Ticks last) {
        return Conditions.of(
                loadBefore,
                loadHighest,
                start.others(before),
                last.others(start),
                Math.max(start.stolen(before), last.stolen(start)));
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
