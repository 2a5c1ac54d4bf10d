package io.leasehold.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.interop.InteropRun.Crypto;
import io.leasehold.interop.InteropRun.Plan;
import io.leasehold.interop.InteropRun.Way;
import io.leasehold.interop.InteropTable.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The table of the servers has all of them, also those that failed, and those that another JVM ran.
class InteropTableTest {

    private static final Plan PLAN = new Plan(InteropServer.ALL.getFirst(), Way.AGENT, Crypto.NONE, 1);
    private static final Plan OTHER = new Plan(InteropServer.ALL.getFirst(), Way.AGENT, Crypto.JDK, 1);

    @Test
    void aRunThatFailedHasARow(@TempDir Path folder) throws IOException {
        String row = new InteropTable(folder.resolve("table.md")).put(PLAN, null, Result.FAILED);
        assertThat(row).startsWith("| Vert.x | " + PLAN.server().version() + " | agent | none | failed | - | -");
        assertThat(rows(folder)).containsExactly(row);
    }

    @Test
    void aRowReplacesThatOfAnEarlierRunAndNoOther(@TempDir Path folder) throws IOException {
        String other = new InteropTable(folder.resolve("table.md")).put(OTHER, null, Result.SKIPPED);
        InteropTable table = new InteropTable(folder.resolve("table.md")); // as the next JVM makes it
        table.put(PLAN, null, Result.FAILED);
        String row = table.put(PLAN, run(), Result.PASSED);
        assertThat(row).contains("| passed | 4.2 | 200 | 20 | 0 | 0 | 0 | 4096 | 75.0 |");
        assertThat(rows(folder)).containsExactly(other, row);
    }

    private static InteropRun run() {
        return new InteropRun(
                PLAN.server(),
                PLAN.way(),
                PLAN.tls(),
                Map.of(
                        "netty", "4.2",
                        "requests", "200",
                        "frames", "20",
                        "wrong", "0",
                        "leaks", "0",
                        "pinnedBytes", "0",
                        "peakPinnedBytes", "4096",
                        "ours", "3",
                        "others", "1"));
    }

    private static List<String> rows(Path folder) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("table.md"));
        assertThat(lines.getFirst()).startsWith("| framework | version |");
        return lines.subList(2, lines.size());
    }
}
