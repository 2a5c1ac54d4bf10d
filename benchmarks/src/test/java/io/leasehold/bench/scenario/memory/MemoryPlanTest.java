package io.leasehold.bench.scenario.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.scenario.memory.MemoryPlan.Term;
import io.leasehold.bench.subject.Form;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {

    @Test
    void theFullFormHasTheMixedScenarios() {
        assertThat(MemoryPlan.of(Form.FULL, 0).terms().all())
                .extracting(Term::scenario)
                .contains("mixedDefault", "mixedSecond", "mixedTrickle", "mixedSilent");
        assertThat(MemoryPlan.of(Form.CI, 0).terms().expectedSeconds()).isLessThan(30);
        assertThat(MemoryPlan.of(Form.SHORT, 0).terms().expectedSeconds()).isLessThan(80);
    }

    @Test
    void roundsAreInterleaved() {
        assertThat(MemoryPlan.of(Form.CI, 2).terms().all())
                .extracting(term -> term.round() + term.allocator())
                .containsExactly("1leased", "1adaptive", "1pooled", "2pooled", "2adaptive", "2leased");
    }

    @Test
    void theFullFormHasFiveRoundsForAVerdict() {
        assertThat(MemoryPlan.of(Form.FULL, 0).terms().all())
                .filteredOn(term -> term.scenario().equals("mixedSilent"))
                .extracting(Term::round)
                .containsExactly(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5);
        assertThat(MemoryPlan.of(Form.FULL, 2).terms().all())
                .extracting(Term::round)
                .contains(1, 2)
                .doesNotContain(3);
        assertThat(MemoryPlan.of(Form.SHORT, 0).terms().all())
                .extracting(Term::round)
                .containsOnly(1);
    }

    @Test
    void oneScenarioCanBeChosen() {
        assertThat(MemoryPlan.of(Form.SHORT, 0, "mixedSilent").terms().all()).hasSize(3);
        assertThat(MemoryPlan.of(Form.SHORT, 5, "mixedSilent").terms().all()).hasSize(15);
        assertThat(MemoryPlan.of(Form.FULL, 0, "mixedSilent").terms().all()).hasSize(15);
        assertThatThrownBy(() -> MemoryPlan.of(Form.SHORT, 0, "loud"))
                .hasMessageStartingWith("unknown scenario: bench.params=scenario=loud; use one of [burst4k,");
    }

    @Test
    void anAllocatorFromOutsideIsMeasured() throws Exception {
        String rival = UnpooledByteBufAllocator.class.getName();
        List<String> progress = new ArrayList<>();

        List<MemoryResult> results =
                MemoryScenario.run(MemoryPlan.of(List.of(new Term(1, "burst64k", rival, false))), progress::add);

        assertThat(results).as("%s", progress).singleElement().satisfies(result -> {
            assertThat(result.allocator()).isEqualTo(rival);
            assertThat(result.fillMillis()).isPositive();
            assertThat(result.moments()).extracting(MemoryResult.Moment::name).containsExactly("peak", "after");
            assertThat(result.moments().getFirst().residentBytes()).isGreaterThan(900L << 20);
        });
    }
}
