package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The tables of an arena are charged to its budget, and are not backed by huge pages.
@Tag("os")
class ArenaTablesTest {

    private static final int SPREAD = 16;
    private static final long ARENA_BYTES = 64 << 20;

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final Reservations reservations = new Reservations(memory, new MappingBudget(100), SPREAD);
    private final MemoryBudget budget = MemoryBudget.of("tables", 2 * ARENA_BYTES);

    @Test
    void kernelGivesTheTablesNoHugePages() throws IOException {
        assumeTrue(memory.can(Capability.MAP), "native memory is not in use");
        for (boolean hugePages : new boolean[] {false, true}) {
            try (PageArena arena = open(hugePages)) {
                Path smaps = Path.of("/proc/self/smaps");
                assumeTrue(memory.hugePageSize() > 0 && Files.isReadable(smaps), "this kernel has no huge pages");
                assertThat(flagsOf(Files.readAllLines(smaps), tables().getKey()))
                        .contains(" nh");
                assertThat(flagsOf(Files.readAllLines(smaps), arena.baseAddress()))
                        .contains(hugePages ? " hg" : " nh");
            }
        }
    }

    @Test
    void budgetIsChargedForWhatTheTablesHold() {
        assumeTrue(memory.can(Capability.RESIDENCY), "native memory is not in use");
        try (PageArena arena = open(false)) {
            long pageByteSize = arena.options().pageByteSize();
            long atOpen = residentTables();
            assertThat(atOpen).as("roots of trees, before a page is used").isLessThanOrEqualTo(4 * memory.pageSize());
            for (long page = 0; page < ARENA_BYTES / pageByteSize; page++) {
                OffHeap.putLong(arena.frames().address(arena.allocate()), page);
            }
            long tableBytes = arena.stats().tableBytes();
            assertThat(budget.usedBytes() - ARENA_BYTES).isEqualTo(tableBytes);
            assertThat(residentTables()).isLessThanOrEqualTo(tableBytes + atOpen);
            arena.closeForcibly();
        }
    }

    private PageArena open(boolean hugePages) {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("arena")
                .byteSize(ARENA_BYTES)
                .hugePages(hugePages)
                .budget(budget)
                .build();
        return PageArena.open(options, reservations, 0);
    }

    private Map.Entry<Long, String> tables() {
        return memory.names().entrySet().stream()
                .filter(entry -> entry.getValue().startsWith("arena tables, "))
                .findFirst()
                .orElseThrow();
    }

    private long residentTables() {
        String name = tables().getValue();
        long byteSize = Long.parseLong(name.substring(name.indexOf('=') + 1));
        return memory.residentBytes(tables().getKey(), byteSize);
    }

    private static String flagsOf(List<String> smaps, long address) {
        String start = Long.toHexString(address) + "-";
        boolean isHere = false;
        for (String line : smaps) {
            isHere = line.startsWith(start) || (isHere && !line.matches("[0-9a-f]+-[0-9a-f]+ .*"));
            if (isHere && line.startsWith("VmFlags:")) {
                return line;
            }
        }
        return "no mapping begins there";
    }
}
