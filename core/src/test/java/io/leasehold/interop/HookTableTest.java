package io.leasehold.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The README says for each server of the suite how it gets the allocator. If this test fails, it prints the right
/// lines.
class HookTableTest {

    private static final Path README = Path.of("../README.md");
    private static final String BEGIN = "<!-- hooks:begin -->";
    private static final String END = "<!-- hooks:end -->";

    @Test
    void readmeHasTheHooksOfTheSuite() throws IOException {
        List<String> expected = new ArrayList<>();
        expected.add(BEGIN);
        expected.add("| framework | its Netty | one line | with the agent |");
        expected.add("|---|---|---|---|");
        for (InteropServer server : InteropServer.ALL) {
            expected.add("| %s %s | %s | %s | %s |"
                    .formatted(
                            server.name(),
                            server.version().replace(".RELEASE", ""),
                            server.netty().replace(".Final", ""),
                            server.hook().isEmpty() ? "none" : "`" + server.hook() + "`",
                            "nothing to write"));
        }
        expected.add(END);
        List<String> lines = Files.readAllLines(README);
        int begin = lines.indexOf(BEGIN);
        List<String> shown = begin < 0 ? List.of() : lines.subList(begin, lines.indexOf(END) + 1);
        assertThat(shown)
                .as("write these lines into the README:%n%s%n", String.join("\n", expected))
                .isEqualTo(expected);
    }

    /// The program hands the allocator over by the same method as the line in the README.
    @Test
    void programsUseTheHooks() throws IOException {
        for (InteropServer server : InteropServer.ALL) {
            String hook = server.hook().replaceFirst("^\\w+", "").replaceFirst("allocator\\)$", "");
            String program = Files.readString(
                    InteropServer.FOLDER.resolve(server.sources()).resolve(server.main() + ".java"));
            assertThat(program).contains(hook);
        }
    }
}
