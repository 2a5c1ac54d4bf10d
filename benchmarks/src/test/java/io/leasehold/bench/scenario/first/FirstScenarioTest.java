package io.leasehold.bench.scenario.first;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.result.FirstResult;
import io.leasehold.bench.scenario.first.FirstScenario.Term;
import io.leasehold.bench.subject.Form;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FirstScenarioTest {

    @Test
    void roundsAreInterleaved() {
        assertThat(new FirstScenario(2).terms().all())
                .filteredOn(term -> !term.isWarm())
                .extracting(term -> term.round() + term.allocator())
                .containsExactly(
                        "1leased", "1agent", "1adaptive", "1pooled", "2pooled", "2adaptive", "2agent", "2leased");
        assertThat(FirstScenario.of(Form.SHORT, 0).terms().all()).hasSize(80);
        assertThat(FirstScenario.of(Form.SHORT, 3).terms().all()).hasSize(24);
    }

    @Test
    void theFirstBufferOfAColdAndOfAWarmJvmIsMeasured() throws Exception {
        List<Term> terms = new ArrayList<>(List.of(new Term(1, false, "leased"), new Term(1, true, "adaptive")));
        if (Files.isRegularFile(Path.of(System.getProperty("leasehold.agent.jar", "")))) {
            terms.add(new Term(1, true, FirstScenario.AGENT)); // the jar is built by the phase `package`
        }
        for (Term term : terms) {
            FirstResult result = FirstScenario.run(term);
            assertThat(result.allocator()).isEqualTo(term.allocator());
            assertThat(result.isWarm()).isEqualTo(term.isWarm());
            assertThat(result.cpuMillis()).as("%s", result).isPositive();
            assertThat(result.wallMillis()).as("%s", result).isPositive();
        }
    }

    @Test
    void theTimeOfThisProcessIsTheSameFromOutside() {
        long before = ProcessorTime.ofProcess();
        long outside = ProcessorTime.ofProcess(ProcessHandle.current().pid());
        assertThat(outside).isBetween(before, ProcessorTime.ofProcess());
    }
}
