package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.subject.Named;
import java.io.IOException;

/// A receiver in its own JVM. It answers requests on its standard output and ends when its standard input ends.
///
/// | input | output |
/// |---|---|
/// | at the start | `listening on` and a port, or `error` and a message |
/// | a line | `values` and [Tally.Values] |
/// | end of input | `closed` if all pages were freed, or `error` and a message |
public final class ReceiverProcess {

    /// Number of warm-up answers: the first answers leave more garbage on the heap than some receivers do in a second.
    private static final int WARM_ANSWERS = 4;

    private ReceiverProcess() {}

    /// Receives until the input ends.
    ///
    /// @param args kind of traffic, and receiver
    /// @throws IOException if the input cannot be read
    public static void main(String[] args) throws IOException {
        try {
            receive(
                    Named.of(Traffic.class, "traffic", "name", args[0]),
                    Named.of(Receiver.class, "receiver", "name", args[1]));
        } catch (RuntimeException e) {
            System.out.println("error " + e);
            System.exit(1);
        }
    }

    private static void receive(Traffic traffic, Receiver receiver) throws IOException {
        try (Reception reception = Reception.open(traffic, receiver)) {
            for (int i = 0; i < WARM_ANSWERS; i++) {
                ChildJvm.line(reception.tally().values());
            }
            System.out.println("listening on " + reception.port());
            ChildJvm.answer(reception.tally()::values);
        }
        System.out.println("closed");
    }
}
