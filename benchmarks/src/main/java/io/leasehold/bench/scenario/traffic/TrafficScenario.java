package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.result.RingResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/// The traffic scenario: sends the same bytes to each receiver in turn.
///
/// **Failures** are reported in one sentence, and the rest still runs. A term that fails is left out of the results, as
/// are receivers that this machine does not support. Children end with their input, at the latest with this JVM.
public final class TrafficScenario {

    private static final double NANOS_PER_MICRO = 1e3;

    private TrafficScenario() {}

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param plan what runs
    /// @param out receives lines: what runs, how much time is left, the results, and what is not supported
    /// @return the terms that succeeded, in the order in which they ran; may be empty
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<RingResult.Traffic> run(TrafficPlan plan, Consumer<String> out) throws InterruptedException {
        return run(plan, Receiver.missingUring(), Receiver.missingEpoll(), out);
    }

    static List<RingResult.Traffic> run(
            TrafficPlan plan, Optional<String> missingUring, Optional<String> missingEpoll, Consumer<String> out)
            throws InterruptedException {
        missingUring.ifPresent(
                reason -> out.accept("io_uring is not available, so sink and echo run without rings: " + reason));
        missingEpoll.ifPresent(
                reason -> out.accept("epoll is not available, so these receivers are left out: " + reason));
        List<TrafficPlan.Term> terms = plan.terms(missingUring, missingEpoll);
        List<RingResult.Traffic> results = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < terms.size(); i++) {
            TrafficPlan.Term term = terms.get(i);
            double seconds = i == 0 ? plan.termMillis() / 1e3 : (System.nanoTime() - start) / 1e9 / i;
            out.accept(String.format(
                    Locale.ROOT,
                    "traffic %d of %d, about %.0f s left: %s",
                    i + 1,
                    terms.size(),
                    seconds * (terms.size() - i),
                    term.text()));
            try {
                RingResult.Traffic result = new TrafficTerm(plan).run(term);
                results.add(result);
                out.accept(text(result));
            } catch (IOException | RuntimeException e) {
                out.accept("  failed and left out: " + e.getMessage());
            }
        }
        return results;
    }

    private static String text(RingResult.Traffic result) {
        return String.format(
                Locale.ROOT,
                "  %,.0f messages/s of %,.0f sent, %.3f us of processor time per message (%.0f ms per GiB),"
                        + " %,d B per read, %.1f B of garbage per read, %d wrong",
                result.messagesPerSecond(),
                result.sent() / result.seconds(),
                result.cpuNanosPerMessage() / NANOS_PER_MICRO,
                result.cpuMillisPerGib(),
                result.bytes() / result.reads(),
                result.garbagePerRead(),
                result.wrong());
    }
}
