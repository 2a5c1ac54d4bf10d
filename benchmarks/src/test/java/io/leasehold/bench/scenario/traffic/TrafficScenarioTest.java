package io.leasehold.bench.scenario.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.bench.result.RingResult;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The scenario with its processes, in its smallest form.
class TrafficScenarioTest {

    private static final TrafficPlan SMALL = new TrafficPlan(1, 100, 100);

    @Test
    void everyRoundHasEveryReceiverInAlternatingOrder() {
        List<TrafficPlan.Term> terms = new TrafficPlan(2, 1, 1)
                .terms(Optional.empty(), Optional.empty())
                .all();

        assertThat(terms).hasSize(2 * 12);
        assertThat(terms.getFirst().text()).isEqualTo("sink, leased");
        assertThat(terms.getLast().text()).isEqualTo("sink, leased");
        assertThat(terms.subList(0, 12)).allMatch(term -> term.round() == 1);
    }

    @Test
    void unsupportedReceiversAreLeftOut() {
        assertThat(SMALL.terms(Optional.of("not allowed"), Optional.empty()).all())
                .extracting(TrafficPlan.Term::text)
                .containsExactly(
                        "sink, epoll",
                        "echo, epoll4",
                        "echo, epoll",
                        "datagrams, leased",
                        "datagrams, epollGro",
                        "datagrams, epoll");
    }

    @Test
    void reportsUnsupportedReceiversAndRunsTheRest() throws Exception {
        List<String> said = new ArrayList<>();

        List<RingResult.Traffic> results =
                TrafficScenario.run(SMALL, Optional.of("not allowed"), Optional.of("no library"), said::add);

        said.forEach(System.out::println);
        assertThat(said)
                .contains(
                        "io_uring is not available, so sink and echo run without rings: not allowed",
                        "epoll is not available, so these receivers are left out: no library");
        assertThat(results).singleElement().satisfies(TrafficScenarioTest::isWhole);
        assertThat(results.getFirst().kind()).isEqualTo("datagrams");
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void anEchoOnOurRingIsCorrectToTheByte() throws Exception {
        Optional<String> missing = Receiver.missingUring();
        assumeTrue(missing.isEmpty(), () -> "io_uring is skipped: " + missing);

        isWhole(TrafficScenario.run(SMALL, new TrafficPlan.Term(Traffic.ECHO, Receiver.LEASED, 1)));
    }

    @Test
    void aWrongByteIsDetected() {
        Tally tally = new Tally();
        EmbeddedChannel channel = new EmbeddedChannel(new Sink(tally));
        byte[] sent = new byte[100];
        Noise.stretch(sent.length).get(0, sent);
        channel.writeInbound(Unpooled.copiedBuffer(sent));
        assertThat(tally.values().wrong()).isZero();

        channel.writeInbound(Unpooled.copiedBuffer(sent)); // earlier bytes instead of the next ones

        assertThat(tally.values().wrong()).isEqualTo(1);
        assertThat(tally.values().reads()).isEqualTo(2);
        assertThat(tally.values().bytes()).isEqualTo(200);
    }

    private static void isWhole(RingResult.Traffic result) {
        assertThat(result.wrong()).isZero();
        assertThat(result.messages()).isPositive();
        assertThat(result.sent()).isPositive();
        assertThat(result.reads()).isPositive();
        assertThat(result.cpuNanos()).isPositive();
        assertThat(result.seconds()).isPositive();
    }
}
