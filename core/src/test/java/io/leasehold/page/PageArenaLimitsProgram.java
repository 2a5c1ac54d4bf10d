package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Main class of the JVMs that [PageArenaLimitsTest] starts: reaches a limit, reports the error, and continues to work.
final class PageArenaLimitsProgram {

    private static final long MIB = 1 << 20;

    private PageArenaLimitsProgram() {}

    public static void main(String[] arguments) throws IOException {
        System.out.println("baseKib=" + status("VmPeak"));
        switch (arguments[0]) {
            case "address-space" -> reserveTooMuch();
            case "data" -> commitTooMuch();
            case "lock" -> lockTooMuch();
            case "default-budget" -> openWithDefaults();
            default -> fillDefaultBudget();
        }
        System.out.println("peakKib=" + status("VmPeak"));
        System.out.println("dataKib=" + status("VmData"));
        System.out.println("end=reached");
    }

    private static PageArenaOptions options(long byteSize) {
        return PageArenaOptions.builder()
                .byteSize(byteSize)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("limits", 16L << 30))
                .build();
    }

    private static void reserveTooMuch() {
        try (PageArena arena = PageArena.open(options(4096 * MIB))) {
            System.out.println("large=" + arena.stats().reservedPages());
        } catch (SystemCallException e) {
            System.out.println("large=" + e.getMessage());
        }
        try (PageArena arena = PageArena.open(options(32 * MIB))) {
            long run = arena.allocateRun(1000);
            OffHeap.fill(arena.frames().address(run), 1000 * arena.options().pageByteSize(), (byte) 1);
            arena.free(run);
            System.out.println("small=works");
        }
    }

    private static void commitTooMuch() {
        try (PageArena arena = PageArena.open(options(256 * MIB))) {
            List<Long> runs = new ArrayList<>();
            try {
                while (runs.size() < 32) {
                    long run =
                            arena.allocateRun((int) (8 * MIB / arena.options().pageByteSize()));
                    OffHeap.putLong(arena.frames().address(run), 1);
                    runs.add(run);
                }
                System.out.println("refusal=none");
            } catch (PageExhaustedException e) {
                System.out.println("refusal=" + e.getMessage());
                System.out.println("cause=" + e.getCause());
            }
            System.out.println("runs=" + runs.size());
            System.out.println("kernelRefusals=" + arena.stats().kernelRefusals());
            arena.checkInvariants();
            runs.forEach(arena::free);
            long again = arena.allocateRun((int) (8 * MIB / arena.options().pageByteSize()));
            arena.free(again);
            arena.checkInvariants();
        }
    }

    private static void lockTooMuch() {
        try (PageArena arena =
                PageArena.open(options(64 * MIB).toBuilder().lockWired(true).build())) {
            long run = arena.allocateRun((int) (MIB / arena.options().pageByteSize()));
            long mappings = MappingBudget.system().used();
            try {
                arena.frames().wire(run);
                System.out.println("wire=done");
            } catch (SystemCallException e) {
                System.out.println("wire=" + e.call() + " " + e.errno() + " " + e.getMessage());
            }
            System.out.println("wires=" + arena.frames().wireCount(run));
            System.out.println("mappings=" + (MappingBudget.system().used() - mappings));
            arena.checkInvariants();
            arena.free(run);
            long page = arena.allocate();
            try {
                arena.frames().wire(page);
                arena.frames().unwire(page);
                System.out.println("page=locked");
            } catch (SystemCallException e) {
                System.out.println("page=" + e.getMessage());
            }
            arena.free(page);
        } catch (IllegalArgumentException e) {
            System.out.println("open=" + e.getMessage());
        }
    }

    private static void openWithDefaults() {
        for (String attempt : List.of("first", "second")) {
            try (PageArena arena = PageArena.open(PageArenaOptions.defaults())) {
                System.out.println(attempt + "=" + arena.options().byteSize());
            } catch (IllegalStateException e) {
                System.out.println(attempt + "=" + e.getMessage());
            }
        }
        try (PageArena arena = PageArena.open(options(MIB))) {
            arena.free(arena.allocate());
            System.out.println("own=works");
        }
    }

    private static void fillDefaultBudget() {
        try (PageArena arena = PageArena.open(PageArenaOptions.defaults())) {
            System.out.println("bound=" + MemoryBudget.process().byteLimit());
            long[] pages = new long[arena.stats().reservedPages()];
            int count = 0;
            try {
                while (true) {
                    long page = arena.allocate();
                    OffHeap.fill(arena.frames().address(page), arena.options().pageByteSize(), (byte) 1);
                    pages[count++] = page;
                }
            } catch (PageExhaustedException e) {
                System.out.println("refusal=" + e.getMessage());
            }
            System.out.println("filled=" + count * arena.options().pageByteSize());
            System.out.println("used=" + MemoryBudget.process().usedBytes());
            for (int i = 0; i < count; i++) {
                arena.free(pages[i]);
            }
        }
    }

    /// {@return a value in KiB from /proc/self/status}
    private static String status(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(key + ":"))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .findFirst()
                .orElseThrow();
    }
}
