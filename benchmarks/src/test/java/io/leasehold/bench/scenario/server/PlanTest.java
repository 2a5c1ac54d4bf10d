package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.subject.Form;
import io.leasehold.bench.subject.JvmMode;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final Setting NIO = new Setting(Transport.NIO, false, JvmMode.NATIVE, 16, 2, 1);
    private static final Plan.Timing TIMING = new Plan.Timing(1, 1, 1, 1, 1, 1);

    @Test
    void alternatesTheOrderOfAllocators() {
        assertThat(plan(NIO).terms().all())
                .extracting(term -> term.allocator() + term.round() + (term.isFlatOut() ? "" : " at the rate"))
                .containsExactly("b1", "b1 at the rate", "a1", "a1 at the rate", "a2", "b2");
    }

    /// Otherwise a term would run without a warm-up, or on the server of another allocator.
    @Test
    void theFixedRateFollowsFullLoadOnTheSameServer() {
        List<Plan.Term> terms = plan(NIO).terms().all();
        assertThat(terms.get(1).follows(terms.get(0))).isTrue();
        assertThat(terms.get(2).follows(terms.get(1))).isFalse();
        assertThat(terms.get(3).follows(terms.get(0))).isFalse();
        assertThat(terms.get(5).follows(terms.get(4))).isFalse();
        assertThatThrownBy(() -> new Setting(Transport.NIO, false, JvmMode.NATIVE, 16, 1, 2))
                .hasMessage("rounds or depth out of range: depth=16, flatRounds=1, min=1; rateRounds=2, min=0, max=1");
    }

    @Test
    void comparesLeaseholdObservedAndNotObservedInEachRound() {
        assertThat(Plan.observing(Form.SHORT).inRounds(2).terms().all())
                .allMatch(Plan.Term::isFlatOut)
                .extracting(Plan.Term::allocator)
                .containsExactly("unobserved", "observed", "observed", "unobserved");
    }

    @Test
    void goesOnWithoutEpoll() {
        Setting epoll = new Setting(Transport.EPOLL, false, JvmMode.NATIVE, 16, 2, 1);
        assertThat(plan(NIO, epoll).without(Transport.EPOLL).settings()).containsExactly(NIO);
    }

    @Test
    void formsTakeTheDocumentedTime() {
        assertThat(Plan.of(Form.CI).expectedSeconds()).isBetween(13L, 17L);
        assertThat(Plan.of(Form.SHORT).expectedSeconds()).isBetween(150L, 175L);
        assertThat(Plan.of(Form.FULL).expectedSeconds()).isBetween(1_800L, 2_100L);
    }

    @Test
    void fullFormHasAllSettings() {
        List<Setting> full = Plan.of(Form.FULL).settings();
        assertThat(full).extracting(Setting::mode).contains(JvmMode.values());
        assertThat(full).extracting(Setting::transport).contains(Transport.values());
        assertThat(full).anyMatch(Setting::tls);
        for (int depth : new int[] {1, 16}) {
            assertThat(full).anyMatch(s -> s.depth() == depth && s.flatRounds() >= 10 && s.rateRounds() > 0);
        }
    }

    private static Plan plan(Setting... settings) {
        return new Plan(List.of(settings), List.of("a", "b"), 1, TIMING);
    }
}
