package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ObserveOptionsTest {

    @Test
    void folderIsThatOfTheUser() {
        ObserveOptions options = ObserveOptions.of(Map.of("java.io.tmpdir", "/t", "user.name", "a b/c")::get);
        assertThat(options.folder()).isEqualTo(Path.of("/t/leasehold-a_b_c"));
        assertThat(options.hasCounters()).isTrue();
    }

    /// In a locale that has no bytes for it, for example. Then there is no counter file, but there are allocators.
    @Test
    void temporaryFolderNeedNotBeAPath() {
        ObserveOptions options =
                ObserveOptions.of(Map.of("java.io.tmpdir", "no\0path", "io.leasehold.counters", "false")::get);
        assertThat(options.hasCounters()).isFalse();
        assertThat(options.temporary()).isEqualTo("no\0path");
    }
}
