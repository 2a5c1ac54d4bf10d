package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs one term: starts its receiver and its sender, and ends both.
///
/// @param plan of the term
record TrafficTerm(TrafficPlan plan) {

    private static final List<String> RECEIVER_FLAGS = List.of(
            "-Xms1g",
            "-Xmx1g",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseG1GC",
            "-Dio.netty.maxDirectMemory=" + (1L << 30),
            Allocators.NATIVE);
    private static final List<String> SENDER_FLAGS =
            List.of("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC", Allocators.NATIVE);

    private static final int START_MILLIS = 60_000;
    private static final int ANSWER_MILLIS = 10_000;

    /// The counters of a sender.
    private record Sent(long messages, long wrong) {}

    /// Runs the term.
    ///
    /// @throws IOException if a process fails, with its message
    RingResult.Traffic run(TrafficPlan.Term term) throws IOException, InterruptedException {
        String traffic = term.traffic().text();
        List<String> args = List.of(traffic, term.receiver().text());
        try (ChildJvm receiver = ChildJvm.start("the receiver", ReceiverProcess.class, RECEIVER_FLAGS, args)) {
            String port = receiver.await("listening on ", START_MILLIS);
            RingResult.Traffic result;
            try (ChildJvm sender =
                    ChildJvm.start("the sender", SenderProcess.class, SENDER_FLAGS, List.of(traffic, port))) {
                sender.await("sending", START_MILLIS);
                TimeUnit.MILLISECONDS.sleep(plan.warmMillis());
                Sent sentBefore = sent(sender);
                Tally.Values before = values(receiver);
                TimeUnit.MILLISECONDS.sleep(plan.measuredMillis());
                Sent sentAfter = sent(sender);
                Tally.Values after = values(receiver);
                sender.endInput();
                sender.await("closed", ANSWER_MILLIS);
                result = result(term, before, after, sentBefore, sentAfter);
            }
            receiver.endInput();
            receiver.await("closed", ANSWER_MILLIS); // or an error, for example a page that was not freed
            return result;
        }
    }

    private static Tally.Values values(ChildJvm receiver) throws IOException, InterruptedException {
        receiver.tell("values");
        return Tally.Values.parse(receiver.await("values ", ANSWER_MILLIS));
    }

    private static Sent sent(ChildJvm sender) throws IOException, InterruptedException {
        sender.tell("values");
        String[] values = sender.await("values ", ANSWER_MILLIS).split(" ", -1);
        return new Sent(Long.parseLong(values[0]), Long.parseLong(values[1]));
    }

    /// Counts wrong reads and answers since the start, because none may be wrong during the warm-up either.
    private static RingResult.Traffic result(
            TrafficPlan.Term term, Tally.Values before, Tally.Values after, Sent sentBefore, Sent sentAfter)
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
}
