package io.leasehold.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.scenario.server.Serve;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The README's table of options has the options that exist, and Maven hands each of them on.
class ReadmeOptionsTest {

    @Test
    void hasEachOptionOfTheBenchmarks() throws IOException {
        assertThat(inReadme("bench")).containsExactlyInAnyOrderElementsOf(Options.NAMES);
        assertThat(inPom("bench")).containsAll(Options.NAMES);
    }

    @Test
    void hasEachOptionOfTheServer() throws Exception {
        Field names = Serve.class.getDeclaredField("NAMES");
        names.setAccessible(true);

        assertThat((Set<?>) names.get(null)).isEqualTo(Set.copyOf(inReadme("serve")));
        assertThat(inPom("serve")).containsAll(inReadme("serve"));
    }

    private static List<String> inReadme(String prefix) throws IOException {
        return names(Path.of("../README.md"), "(?m)^\\| `" + prefix + "\\.([a-z.]+)` \\|");
    }

    private static List<String> inPom(String prefix) throws IOException {
        return names(Path.of("pom.xml"), "<argument>-D" + prefix + "\\.([a-z.]+)=");
    }

    private static List<String> names(Path file, String regex) throws IOException {
        return Pattern.compile(regex)
                .matcher(Files.readString(file))
                .results()
                .map(row -> row.group(1))
                .toList();
    }
}
