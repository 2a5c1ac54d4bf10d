package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.os.ForkedJvm;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.Watchdog;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Processes that write to OWNED files are killed at random times. Each record whose write had returned is there,
/// complete, whether it was forced or not. Of the record in flight, each byte is the old or the new one.
///
/// Half of the processes are killed with windows in place. `-Dseed=` repeats the times as far as clocks allow;
/// `-Dleasehold.soak=true` kills 200.
class KillTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final boolean IS_NATIVE = WindowCacheFixture.canMap();
    private static final int KILLS = SOAK ? 200 : 6;
    private static final int AT_ONCE = 2;
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

    @TempDir
    Path folder;

    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicInteger forced = new AtomicInteger();

    @Test
    void whatHadReturnedIsThere() throws Exception {
        long seed = Seeds.next("KillTest");
        Watchdog watchdog = new Watchdog();
        for (int i = 0; i < AT_ONCE; i++) {
            watchdog.start("killer", () -> {
                for (int kill = started.getAndIncrement(); kill < KILLS; kill = started.getAndIncrement()) {
                    WindowTier tier = WindowTier.values()[kill % WindowTier.values().length];
                    killOne(folder.resolve("file" + kill), tier, new SplittableRandom(seed + kill));
                }
            });
        }
        watchdog.join();
        System.out.println("KillTest: kills=" + KILLS + ", written=" + written + ", forced=" + forced);
        assertThat(written.get()).isGreaterThanOrEqualTo(KILLS);
        assertThat(forced.get()).isGreaterThanOrEqualTo(KILLS);
    }

    private void killOne(Path path, WindowTier tier, SplittableRandom random) throws Exception {
        Heard heard = new Heard();
        Process process = start(path, tier, random.nextLong());
        try (DataInputStream in = new DataInputStream(process.getInputStream())) {
            while (heard.forces == 0) {
                heard.next(in);
            }
            long end = System.nanoTime() + random.nextLong(MOST_NANOS);
            while (System.nanoTime() < end) {
                heard.next(in);
            }
            process.toHandle().destroyForcibly(); // Process#destroyForcibly would close the pipe too
            heard.rest(in);
        } catch (EOFException e) {
            throw new AssertionError("process ended by itself: errors=" + Files.readString(errors(path)), e);
        } finally {
            process.destroyForcibly().waitFor();
        }
        heard.check(Files.readAllBytes(path));
        written.addAndGet(heard.writes);
        forced.addAndGet(heard.forces);
        Files.delete(path);
    }

    private static Path errors(Path path) {
        return path.resolveSibling(path.getFileName() + ".errors");
    }

    private static Process start(Path path, WindowTier tier, long seed) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m"));
        command.add(IS_NATIVE ? "--enable-native-access=ALL-UNNAMED" : "--illegal-native-access=deny");
        List<Path> classPath = List.of(ForkedJvm.rootOf(KillProgram.class), ForkedJvm.rootOf(VirtualMemory.class));
        command.addAll(List.of("-cp", classPath.get(0) + File.pathSeparator + classPath.get(1)));
        command.addAll(List.of(KillProgram.class.getName(), path.toString(), tier.name(), Long.toString(seed)));
        return new ProcessBuilder(command).redirectError(errors(path).toFile()).start();
    }

    /// The messages of a process until it was killed.
    private static final class Heard {
        private final long[] done = new long[KillProgram.SLOTS]; // number of the last write that returned
        private int slotUnderWay = -1;
        private long numberUnderWay;
        private int writes;
        private int forces;

        void next(DataInputStream in) throws IOException {
            byte what = in.readByte();
            int slot = in.readInt();
            long number = in.readLong();
            switch (what) {
                case KillProgram.BEGUN -> {
                    slotUnderWay = slot;
                    numberUnderWay = number;
                }
                case KillProgram.DONE -> {
                    done[slot] = number;
                    slotUnderWay = -1;
                    writes++;
                }
                case KillProgram.FORCED -> forces++;
                case KillProgram.FORCING -> assertThat(slotUnderWay).isEqualTo(-1);
                default -> throw new AssertionError("message=" + what);
            }
        }

        void rest(DataInputStream in) throws IOException {
            try {
                while (true) {
                    next(in);
                }
            } catch (EOFException e) {
                // the process has ended
            }
        }

        void check(byte[] file) {
            int least = 0;
            for (int slot = 0; slot < done.length; slot++) {
                least = done[slot] > 0 ? (slot + 1) * KillProgram.RECORD_BYTES : least;
            }
            int most = Math.max(least, (slotUnderWay + 1) * KillProgram.RECORD_BYTES);
            assertThat(file.length).isBetween(least, most);
            byte[] all = Arrays.copyOf(file, done.length * KillProgram.RECORD_BYTES);
            for (int slot = 0; slot < done.length; slot++) {
                int from = slot * KillProgram.RECORD_BYTES;
                byte[] is = Arrays.copyOfRange(all, from, from + KillProgram.RECORD_BYTES);
                byte[] old = KillProgram.record(slot, done[slot]);
                byte[] other = slot == slotUnderWay ? KillProgram.record(slot, numberUnderWay) : old;
                for (int i = 0; i < is.length; i++) {
                    if (is[i] != old[i] && is[i] != other[i]) {
                        throw new AssertionError("slot=%d, at=%d, is=%d, number=%d, done=%d, inFlight=%d of slot %d"
                                .formatted(
                                        slot,
                                        i,
                                        is[i],
                                        KillProgram.number(is, slot),
                                        done[slot],
                                        numberUnderWay,
                                        slotUnderWay));
                    }
                }
            }
        }
    }
}
