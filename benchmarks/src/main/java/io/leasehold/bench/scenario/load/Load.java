package io.leasehold.bench.scenario.load;

import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// One phase in progress: the times of its requests, and the counts of its answers.
///
/// ```text
/// start ---- ramp ---- began ======== measured ======== ended ---- last answers ---- done
/// ```
///
/// At full load, each answer triggers the next request. The answers between began and ended are counted. At a fixed
/// rate, request `n` is to be sent at `start + n / perSecond`, independent of the answers, by the next connection that
/// is free. Requests that should have been sent between began and ended are counted, and their answers are awaited.
///
/// **Threads.** Confined to the event loop, except [#result].
final class Load {

    /// Maximum wait for answers after the end, in milliseconds.
    static final long DRAIN_MILLIS = 10_000;

    private static final double[] PERCENTS = {
        0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.975, 99.99, 99.995, 99.999, 100
    };

    private static final double NANOS = 1e9;
    private static final int DIGITS = 3;

    private final LoadPhase phase; // (C)
    private final Runnable measuring; // (C)
    private final Runnable measured; // (C)
    private final List<Connection> connections = new ArrayList<>(); // (O)
    private final CompletableFuture<LoadResult> result = new CompletableFuture<>(); // (A)
    private final Histogram latency = new Histogram(DIGITS); // (O)

    private long startNanos; // (O)
    private long beginNanos; // (O)
    private long endNanos; // (O)
    private long nowNanos; // (O) time of this turn or read
    private long lastAnswerNanos; // (O)
    private boolean hasBegun; // (O)
    private boolean hasEnded; // (O)
    private long toSend; // (O) at a fixed rate
    private long sent; // (O)
    private long underWay; // (O)
    private long requests; // (O)
    private long wrong; // (O)
    private int lost; // (O) connections
    private long bytes; // (O)
    private int next; // (O) connection
    private String problem = ""; // (O) the first

    /// Creates a load.
    ///
    /// @param measuring called when the measured time begins
    /// @param measured called when the measured time ends
    Load(LoadPhase phase, Runnable measuring, Runnable measured) {
        this.phase = phase;
        this.measuring = measuring;
        this.measured = measured;
    }

    void add(Connection connection) {
        connections.add(connection);
    }

    /// {@return the future result}
    CompletableFuture<LoadResult> result() {
        return result;
    }

    /// Begins to send.
    void start() {
        startNanos = System.nanoTime();
        beginNanos = startNanos + TimeUnit.MILLISECONDS.toNanos(phase.rampMillis());
        endNanos = beginNanos + TimeUnit.MILLISECONDS.toNanos(phase.measuredMillis());
        lastAnswerNanos = endNanos;
        toSend = (long) ((endNanos - startNanos) / NANOS * phase.perSecond());
        tick();
        if (phase.isFlatOut()) {
            for (Connection connection : connections) {
                while (connection.isFree()) {
                    send(connection, nowNanos);
                }
                connection.flush();
            }
        }
        // after the first requests: a slow start may already be past the ramp, and `measuring` may wait for them
        turn();
    }

    /// Does what is due. The event loop calls it once a turn.
    ///
    /// @return true if the loop may sleep until bytes arrive
    boolean turn() {
        tick();
        if (startNanos == 0 || result.isDone()) {
            return true;
        }
        if (nowNanos >= beginNanos) {
            begin();
        }
        if (!phase.isFlatOut()) {
            sendDue();
        }
        if (nowNanos >= endNanos) {
            end();
        }
        boolean isAnswered = underWay == 0 && sent >= toSend;
        boolean isLate = nowNanos - endNanos > TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
        if (lost == connections.size() || (hasEnded && (isAnswered || isLate))) {
            finish();
        }
        return phase.isFlatOut();
    }

    private void begin() {
        if (!hasBegun) {
            hasBegun = true;
            measuring.run();
        }
    }

    private void end() {
        if (!hasEnded) {
            hasEnded = true;
            measured.run();
        }
    }

    /// Reads the clock.
    void tick() {
        nowNanos = System.nanoTime();
    }

    private void sendDue() {
        long due = Math.min(toSend, (long) ((nowNanos - startNanos) / NANOS * phase.perSecond()));
        int full = 0;
        int size = connections.size();
        while (sent < due && full < size) {
            Connection connection = connections.get(next);
            next = (next + 1) % size;
            if (connection.isFree()) {
                full = 0;
                send(connection, startNanos + (long) (sent * NANOS / phase.perSecond()));
            } else {
                full++;
            }
        }
        for (Connection connection : connections) {
            connection.flush();
        }
    }

    private void send(Connection connection, long intendedNanos) {
        connection.send(Deck.id(sent++), intendedNanos);
        underWay++;
    }

    /// Notes an answer that arrived at the last [#tick].
    void answered(Connection connection, long intendedNanos, boolean isRight) {
        underWay--;
        if (!isRight) {
            wrong++;
        }
        if (phase.isFlatOut()) {
            if (hasBegun && !hasEnded) {
                requests++;
            }
            if (!hasEnded) {
                send(connection, nowNanos);
            }
        } else if (intendedNanos >= beginNanos) {
            requests++;
            latency.recordValue(Math.max(0, nowNanos - intendedNanos));
            lastAnswerNanos = Math.max(endNanos, nowNanos);
        }
    }

    /// Notes that bytes arrived at the last [#tick].
    void received(int count) {
        if (hasBegun && !hasEnded) {
            bytes += count;
        }
    }

    /// Notes that a connection failed with `unanswered` requests.
    void lost(int unanswered, String why) {
        lost++;
        underWay -= unanswered;
        wrong += unanswered;
        if (problem.isEmpty()) {
            problem = why;
        }
    }

    private void finish() {
        begin();
        end();
        long missing = underWay + Math.max(0, toSend - sent);
        if (missing > 0 && problem.isEmpty()) {
            problem = missing + " requests without an answer " + DRAIN_MILLIS / 1000 + " s after the load";
        }
        double seconds = (lastAnswerNanos - beginNanos) / NANOS;
        result.complete(new LoadResult(requests, bytes, wrong + missing, seconds, quantiles(), problem));
    }

    private List<Quantile> quantiles() {
        List<Quantile> quantiles = new ArrayList<>();
        if (latency.getTotalCount() > 0) {
            for (double percent : PERCENTS) {
                quantiles.add(new Quantile(percent, latency.getValueAtPercentile(percent) / 1e3));
            }
        }
        return quantiles;
    }
}
