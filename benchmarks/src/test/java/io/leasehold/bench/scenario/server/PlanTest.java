package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.subject.JvmMode;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final Setting NIO = new Setting(Transport.NIO, false, JvmMode.NATIVE, 16, 2, 1);
    private static final Plan.Timing TIMING = new Plan.Timing(1, 1, 1, 1, 1, 1);

    @Test
    void alternatesTheOrderOfAllocators() {
        assertThat(plan(NIO).terms())
                .extracting(term -> term.allocator() + term.round() + (term.isFlatOut() ? "" : " at the rate"))
                .containsExactly("a1", "b1", "b2", "a2", "a1 at the rate", "b1 at the rate");
    }

    @Test
    void goesOnWithoutEpoll() {
        assertThat(plan(NIO, NIO.on(Transport.EPOLL)).without(Transport.EPOLL).settings())
                .containsExactly(NIO);
        assertThat(plan(NIO.on(Transport.EPOLL)).without(Transport.EPOLL).settings())
                .containsExactly(NIO);
    }

    @Test
    void formsTakeTheDocumentedTime() {
        assertThat(Plan.of("ci").expectedSeconds()).isBetween(15L, 25L);
        assertThat(Plan.of("short").expectedSeconds()).isBetween(150L, 240L);
        assertThat(Plan.of("full").expectedSeconds()).isBetween(1_500L, 3_000L);
        assertThatThrownBy(() -> Plan.of("long"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("long");
    }

    @Test
    void fullFormHasAllSettings() {
        List<Setting> full = Plan.of("full").settings();
        assertThat(full).extracting(Setting::mode).contains(JvmMode.values());
        assertThat(full).extracting(Setting::transport).contains(Transport.values());
        assertThat(full).anyMatch(Setting::tls);
        for (int depth : new int[] {1, 16}) {
            assertThat(full).anyMatch(s -> s.depth() == depth && s.flatRounds() >= 10 && s.rateRounds() > 0);
        }
    }

    private static Plan plan(Setting... settings) {
        return new Plan(List.of(settings), List.of("a", "b"), 1, 0, TIMING);
    }
}
