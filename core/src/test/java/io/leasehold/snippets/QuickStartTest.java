package io.leasehold.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ProjectFiles;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The example of the README. The README contains a copy of this code, so the example compiles and runs.
class QuickStartTest {

    private static final String INDENT = " ".repeat(8);

    @Test
    void runs() {
        // example
        try (PageArena arena = PageArena.open(
                        PageArenaOptions.builder().byteSize(64L << 20).build());
                LeasePool pool = LeasePool.open(arena, LeasePoolOptions.directMap())) {
            long page = arena.allocate();
            arena.frames().wire(page);
            try (Lease lease = pool.acquire(page)) {
                lease.putLong(0, 42); // 4 KiB at lease.address(), until here
            }
            arena.frames().unwire(page); // the lease ended, the page did not
            arena.free(page);
        }
        // end
    }

    @Test
    void isTheExampleOfTheReadme() throws IOException {
        List<String> lines = Files.readAllLines(
                ProjectFiles.core("src/test/java").resolve(getClass().getName().replace('.', '/') + ".java"));
        List<String> example =
                lines.subList(lines.indexOf(INDENT + "// example") + 1, lines.indexOf(INDENT + "// end"));
        assertThat(Files.readAllLines(ProjectFiles.project("README.md")))
                .containsSequence(example.stream()
                        .map(line -> line.substring(INDENT.length()))
                        .toList());
    }
}
