package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Main class of the JVMs that [MemoryReturnTest] starts. It allocates and frees one burst of pages, makes no further
/// call, and reads from the kernel how much memory this process has.
///
/// The value "before" is taken after some small bursts, so that loading and compiling classes does not count.
final class MemoryReturnProgram {

    private static final long MIB = 1 << 20;
    private static final Duration DECAY = Duration.ofSeconds(1);
    private static final long WARM_UP_BYTES = 16 * MIB;
    private static final int WARM_UPS = 16;
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long WARM_UP_DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final Path RESIDENT = Path.of("/proc/self/smaps_rollup");
    private static final Path STATUS = Path.of("/proc/self/status");

    private final PageArena arena;
    private final long[] pages;
    private final Path chargeFile;

    private MemoryReturnProgram(long burstBytes, Path chargeFile) {
        this.arena = PageArena.open(PageArenaOptions.builder()
                .byteSize(burstBytes + WARM_UP_BYTES)
                .decay(DECAY)
                .budget(MemoryBudget.of("burst", 4 * burstBytes))
                .build());
        this.pages = new long[(int) (burstBytes / arena.options().pageByteSize())];
        this.chargeFile = chargeFile;
    }

    /// Runs one burst. Exits with 0 if its memory was decommitted in time and was not committed again.
    ///
    /// @param arguments bytes of the burst; number of pages of which one is kept, 0 for none; seed of the choice;
    ///     percent that may be left of the memory before (or of the burst, if pages are kept); seconds to observe
    ///     afterwards; optionally a file with the charge of the control group
    public static void main(String[] arguments) throws IOException {
        long burstBytes = Long.parseLong(arguments[0]);
        int keepOneIn = Integer.parseInt(arguments[1]);
        SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[2]));
        double percent = Double.parseDouble(arguments[3]);
        long stayNanos = TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[4]));
        MemoryReturnProgram program = new MemoryReturnProgram(burstBytes, Path.of(arguments[5]));
        for (int i = 0; i < WARM_UPS; i++) {
            int count = (int) (program.pages.length * WARM_UP_BYTES / burstBytes);
            program.allocateAndWrite(count);
            program.free(count, 0, random);
        }
        program.awaitNoIdleMemory();
        Reading burst = new Reading(burstBytes, burstBytes);
        Reading before = program.read();
        System.out.println("before=" + before);
        program.allocateAndWrite(program.pages.length);
        Reading peak = program.read();
        System.out.println("peak=" + peak);
        int kept = program.free(program.pages.length, keepOneIn, random);
        long freed = System.nanoTime();
        Reading bound = before.plus(keepOneIn == 0 ? before : burst, percent);
        System.out.println("kept=" + kept + ", bound=" + bound);

        // from here on no thread calls the arena
        Reading now = program.read();
        while (!now.isWithin(bound) && System.nanoTime() - freed < DECAY.toNanos() + TimeUnit.SECONDS.toNanos(1)) {
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            now = program.read();
        }
        long gone = System.nanoTime();
        System.out.println("after=" + now + ", milliseconds=" + (gone - freed) / 1_000_000);
        // a burst that cannot be measured would prove nothing
        boolean holds = now.isWithin(bound) && peak.isAbove(before.plus(burst, 95));
        Reading most = now;
        while (System.nanoTime() - gone < stayNanos) {
            LockSupport.parkNanos(10 * LOOK_AGAIN_NANOS);
            most = most.max(program.read());
        }
        Reading last = program.read();
        System.out.println("last=" + last + ", most=" + most);
        holds &= last.isWithin(bound) && most.isWithin(bound);
        program.arena.closeForcibly();
        System.out.println("maintenanceEnds=" + maintenanceEnds());
        System.out.println("result=" + (holds ? "holds" : "too much is left"));
        System.exit(holds ? 0 : 1);
    }

    private void allocateAndWrite(int count) {
        long pageBytes = arena.options().pageByteSize();
        for (int i = 0; i < count; i++) {
            pages[i] = arena.allocate();
            OffHeap.fill(arena.frames().address(pages[i]), pageBytes, (byte) i);
        }
    }

    /// {@return number of pages that were kept}
    private int free(int count, int keepOneIn, SplittableRandom random) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (keepOneIn > 0 && random.nextInt(keepOneIn) == 0) {
                kept++;
            } else {
                arena.free(pages[i]);
            }
        }
        return kept;
    }

    private void awaitNoIdleMemory() throws IOException {
        long start = System.nanoTime();
        while (arena.residentBytes() > 0) {
            if (System.nanoTime() - start > WARM_UP_DEADLINE_NANOS) {
                throw new AssertionError("the warm-up never went back: resident=" + arena.residentBytes());
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
        // the code that reads the values is warmed up too
        for (int i = 0; i < 50; i++) {
            read();
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
    }

    private Reading read() throws IOException {
        long charge = chargeFile.toString().isEmpty()
                ? 0
                : Long.parseLong(Files.readString(chargeFile).strip()) - kibibytes(STATUS, "VmPTE:");
        return new Reading(kibibytes(RESIDENT, "Rss:"), charge);
    }

    /// {@return the value of a line of a file of the kernel, in bytes}
    private static long kibibytes(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new IOException("line is missing: file=" + file + ", name=" + name);
    }

    private static boolean maintenanceEnds() {
        long start = System.nanoTime();
        while (Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("leasehold-maintenance"))) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(10)) {
                return false;
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
        return true;
    }

    /// A snapshot of the kernel's values for this process.
    ///
    /// @param resident resident memory in bytes (smaps_rollup)
    /// @param charge bytes that the control group is charged, 0 if unknown; without the page tables of this process,
    ///     which stay as long as the addresses are reserved (2 MiB for a burst of 1 GiB)
    private record Reading(long resident, long charge) {

        Reading plus(Reading whole, double percent) {
            return new Reading(
                    resident + (long) (whole.resident * percent / 100), charge + (long) (whole.charge * percent / 100));
        }

        boolean isAbove(Reading bound) {
            return resident > bound.resident && (charge == 0 || charge > bound.charge);
        }

        boolean isWithin(Reading bound) {
            return resident <= bound.resident && (charge == 0 || charge <= bound.charge);
        }

        Reading max(Reading other) {
            return new Reading(Math.max(resident, other.resident), Math.max(charge, other.charge));
        }

        @Override
        public String toString() {
            return "resident %.1f MiB, charge %s"
                    .formatted(
                            (double) resident / MIB,
                            charge == 0 ? "unknown" : "%.1f MiB".formatted((double) charge / MIB));
        }
    }
}
