package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;

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
                .containsExactly("a1", "b1", "b2", "a2", "a1 at the rate", "b1 at the rate");
    }

    @Test
    void goesOnWithoutEpoll() {
        Setting epoll = new Setting(Transport.EPOLL, false, JvmMode.NATIVE, 16, 2, 1);
        assertThat(plan(NIO, epoll).without(Transport.EPOLL).settings()).containsExactly(NIO);
    }

    @Test
    void formsTakeTheDocumentedTime() {
        assertThat(Plan.of(Form.CI).expectedSeconds()).isBetween(15L, 25L);
        assertThat(Plan.of(Form.SHORT).expectedSeconds()).isBetween(290L, 330L);
        assertThat(Plan.of(Form.FULL).expectedSeconds()).isBetween(1_500L, 3_000L);
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
