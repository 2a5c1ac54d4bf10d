package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.subject.Named;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// A sender in its own JVM. It sends as fast as it can until its standard input ends.
///
/// | input | output |
/// |---|---|
/// | at the start | `sending`, or `error` and a message |
/// | a line | `values` and [Sent] |
/// | end of input | `closed`, or `error` and a message |
public final class SenderProcess {

    /// The counters of a sender.
    ///
    /// @param messages sent
    /// @param wrong answers
    record Sent(long messages, long wrong) {}

    private SenderProcess() {}

    /// Sends until the input ends.
    ///
    /// @param args kind of traffic, and port
    /// @throws IOException if the input cannot be read
    /// @throws InterruptedException if the caller is interrupted
    public static void main(String[] args) throws IOException, InterruptedException {
        Traffic traffic = Named.of(Traffic.class, "traffic", "name", args[0]);
        int port = Integer.parseInt(args[1]);
        try (Sending sending = traffic == Traffic.DATAGRAMS ? new BatchSender(port) : new StreamSender(traffic, port)) {
            FutureTask<@Nullable Void> task = new FutureTask<>(sending::run, null);
            Thread.ofPlatform().daemon().name("sender").start(() -> {
                task.run();
                if (task.state() == FutureTask.State.FAILED) {
                    System.out.println("error the sender failed: " + task.exceptionNow());
                }
            });
            System.out.println("sending");
            ChildJvm.answer(() -> new Sent(sending.sent(), sending.wrong()));
            sending.stop();
            task.get();
            System.out.println("closed");
        } catch (ExecutionException | RuntimeException e) {
            System.out.println("error the sender failed: " + e);
        }
        System.exit(0);
    }
}
