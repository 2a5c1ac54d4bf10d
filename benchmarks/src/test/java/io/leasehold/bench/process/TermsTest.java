package io.leasehold.bench.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TermsTest {

    private final List<String> said = new ArrayList<>();

    @Test
    void termThatFailsIsLeftOut() throws Exception {
        assertThat(terms("first", "bad", "last").run(TermsTest::measure, "ran "::concat, said::add))
                .containsExactly("first", "last");
        assertThat(said).contains("  failed and left out: no server for bad", "  ran last");
    }

    /// Otherwise a run that measured nothing would end like a run that succeeded.
    @Test
    void runWithoutAnyResultFails() {
        assertThatIOException()
                .isThrownBy(() -> terms("bad", "badly").run(TermsTest::measure, "ran "::concat, said::add))
                .withMessage("nothing was measured, all 2 terms failed: no server for bad");
    }

    @Test
    void planWithoutTermsHasNoResults() throws Exception {
        assertThat(terms().run(TermsTest::measure, "ran "::concat, said::add)).isEmpty();
    }

    private static String measure(String term) throws IOException {
        if (term.startsWith("bad")) {
            throw new IOException("no server for " + term);
        }
        return term;
    }

    private static Terms<String> terms(String... terms) {
        return new Terms<>("test", List.of(terms), term -> term, term -> 1);
    }
}
