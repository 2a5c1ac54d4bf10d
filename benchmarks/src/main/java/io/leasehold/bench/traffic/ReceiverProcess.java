package io.leasehold.bench.traffic;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A receiver in a JVM of its own, which says what it is asked and ends with its input.
///
/// | it reads | and says |
/// |---|---|
/// | at first | `listening on` and a port, or `error` and a sentence |
/// | `values` | `values` and a [Tally.Values#line] |
/// | the end of its input | `closed` when all pages came back, or `error` and a sentence |
public final class ReceiverProcess {

    /// The first answers leave more on the heap than some receivers do in a second.
    private static final int WARM_ANSWERS = 4;

    private ReceiverProcess() {}

    /// Receives.
    ///
    /// @param args the kind of traffic, and the receiver
    /// @throws IOException if the input cannot be read
    public static void main(String[] args) throws IOException {
        try {
            receive(Traffic.of(args[0]), Receiver.of(args[1]));
        } catch (RuntimeException e) {
            System.out.println("error " + e);
            System.exit(1);
        }
    }

    private static void receive(Traffic traffic, Receiver receiver) throws IOException {
        try (Reception reception = Reception.open(traffic, receiver)) {
            for (int i = 0; i < WARM_ANSWERS; i++) {
                Tally.Values.parse(reception.tally().values().line());
            }
            System.out.println("listening on " + reception.port());
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (@Nullable String line = input.readLine(); line != null; line = input.readLine()) {
                if (line.equals("values")) {
                    System.out.println("values " + reception.tally().values().line());
                }
            }
        }
        System.out.println("closed");
    }
}
