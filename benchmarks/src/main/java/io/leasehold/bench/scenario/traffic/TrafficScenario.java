package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The traffic scenario: sends the same bytes to each receiver in turn.
///
/// **Failures** are reported in one sentence, and the rest still runs. A term that fails is left out of the results, as
/// are receivers that this machine does not support. Children end with their input, at the latest with this JVM.
public final class TrafficScenario {

    private static final double NANOS_PER_MICRO = 1e3;
    private static final List<String> RECEIVER_FLAGS = List.of(
            Allocators.MIN_HEAP,
            Allocators.MAX_HEAP,
            "-XX:+AlwaysPreTouch",
            "-XX:+UseG1GC",
            "-Dio.netty.maxDirectMemory=" + (1L << 30),
            Allocators.NATIVE);
    private static final List<String> SENDER_FLAGS =
            List.of("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC", Allocators.NATIVE);

    private static final int START_MILLIS = 300_000;
    private static final int ANSWER_MILLIS = 10_000;

    private TrafficScenario() {}

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param plan what runs
    /// @param out receives lines: what runs, how much time is left, the results, and what is not supported
    /// @return the terms that succeeded, in the order in which they ran; may be empty
    /// @throws IOException if every term failed
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<RingResult.Traffic> run(TrafficPlan plan, Consumer<String> out)
            throws IOException, InterruptedException {
        return run(plan, Receiver.missingUring(), Receiver.missingEpoll(), out);
    }

    static List<RingResult.Traffic> run(
            TrafficPlan plan, Optional<String> missingUring, Optional<String> missingEpoll, Consumer<String> out)
            throws IOException, InterruptedException {
        missingUring.ifPresent(
                reason -> out.accept("io_uring is not available, so sink and echo run without rings: " + reason));
        missingEpoll.ifPresent(
                reason -> out.accept("epoll is not available, so these receivers are left out: " + reason));
        return plan.terms(missingUring, missingEpoll).run(term -> run(plan, term), TrafficScenario::text, out);
    }

    /// Runs one term: starts its receiver and its sender, and ends both.
    ///
    /// @throws IOException if a process fails, with its message
    static RingResult.Traffic run(TrafficPlan plan, TrafficPlan.Term term) throws IOException, InterruptedException {
        String traffic = term.traffic().text();
        List<String> args = List.of(traffic, term.receiver().text());
        try (ChildJvm receiver = ChildJvm.start("the receiver", ReceiverProcess.class, RECEIVER_FLAGS, args)) {
            String port = receiver.await("listening on ", START_MILLIS);
            RingResult.Traffic result;
            try (ChildJvm sender =
                    ChildJvm.start("the sender", SenderProcess.class, SENDER_FLAGS, List.of(traffic, port))) {
                sender.await("sending", START_MILLIS);
                TimeUnit.MILLISECONDS.sleep(plan.warmMillis());
                SenderProcess.Sent sentBefore = sender.values(SenderProcess.Sent.class);
                Tally.Values before = receiver.values(Tally.Values.class);
                TimeUnit.MILLISECONDS.sleep(plan.measuredMillis());
                SenderProcess.Sent sentAfter = sender.values(SenderProcess.Sent.class);
                Tally.Values after = receiver.values(Tally.Values.class);
                sender.endInput();
                sender.await("closed", ANSWER_MILLIS);
                result = result(term, before, after, sentBefore, sentAfter);
            }
            receiver.endInput();
            receiver.await("closed", ANSWER_MILLIS); // or an error, for example a page that was not freed
            return result;
        }
    }

    /// Counts wrong reads and answers since the start, because none may be wrong during the warm-up either.
    private static RingResult.Traffic result(
            TrafficPlan.Term term,
            Tally.Values before,
            Tally.Values after,
            SenderProcess.Sent sentBefore,
            SenderProcess.Sent sentAfter)
            throws IOException {
        long bytes = after.bytes() - before.bytes();
        if (bytes == 0) {
            throw new IOException("nothing arrived during the measurement");
        }
        Traffic traffic = term.traffic();
        return new RingResult.Traffic(
                term.round(),
                traffic.text(),
                term.receiver().text(),
                (after.nanos() - before.nanos()) / 1e9,
                bytes,
                after.reads() - before.reads(),
                traffic == Traffic.DATAGRAMS ? after.messages() - before.messages() : bytes / traffic.messageByteSize(),
                sentAfter.messages() - sentBefore.messages(),
                after.wrong() + sentAfter.wrong(),
                after.cpuNanos() - before.cpuNanos(),
                after.garbageBytes() - before.garbageBytes());
    }

    private static String text(RingResult.Traffic result) {
        return String.format(
                Locale.ROOT,
                "%,.0f messages/s of %,.0f sent, %.3f us of processor time per message (%.0f ms per GiB),"
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
