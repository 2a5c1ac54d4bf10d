package io.leasehold.bench.traffic;

import io.leasehold.bench.result.RingResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/// The traffic scenario: the same bytes for every receiver in turn.
///
/// **What goes wrong is said** in one sentence, and the rest still runs: a term that fails is left out of the results,
/// and so is what this machine does not have. Children end with their input, and at the latest with this JVM.
public final class TrafficScenario {

    private static final double NANOS_PER_MICRO = 1e3;

    private TrafficScenario() {}

    /// Runs a plan, as far as this machine can.
    ///
    /// @param plan what runs
    /// @param out is told, line by line, what runs, how much is left, what came of it, and what cannot be
    /// @return the terms that ended well, in the order in which they ran; may be empty
    /// @throws InterruptedException if the caller is interrupted; the processes have been ended then
    public static List<RingResult.Traffic> run(TrafficPlan plan, Consumer<String> out) throws InterruptedException {
        return run(plan, Receiver.missingUring(), Receiver.missingEpoll(), out);
    }

    static List<RingResult.Traffic> run(
            TrafficPlan plan, Optional<String> missingUring, Optional<String> missingEpoll, Consumer<String> out)
            throws InterruptedException {
        missingUring.ifPresent(reason -> out.accept(
                "There is no io_uring here, so neither our ring nor Netty's receives sink and echo: " + reason));
        missingEpoll.ifPresent(
                reason -> out.accept("There is no epoll here, so ours has fewer to be compared with: " + reason));
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
                out.accept("  failed, and is left out: " + e.getMessage());
            }
        }
        return results;
    }

    private static String text(RingResult.Traffic result) {
        return String.format(
                Locale.ROOT,
                "  %,.0f messages/s of %,.0f sent, %.3f us of processor each (%.0f ms a GiB), %,d B a read, %.1f B of"
                        + " garbage a read, %d wrong",
                result.messagesPerSecond(),
                result.sent() / result.seconds(),
                result.cpuNanosPerMessage() / NANOS_PER_MICRO,
                result.cpuMillisPerGib(),
                result.bytes() / result.reads(),
                result.garbagePerRead(),
                result.wrong());
    }
}
