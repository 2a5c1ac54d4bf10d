package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.Plan.Timing;
import java.util.ArrayList;
import java.util.List;

/// What the file scenario runs: plain connections with Leasehold and sendfile, encrypted connections with Leasehold and
/// chunked files.
///
/// @param rounds number of rounds of each
/// @param connections of the load
/// @param timing of every term
public record FilePlan(int rounds, int connections, Timing timing) {

    private static final int CONNECTIONS = 16;
    private static final int FULL_ROUNDS = 6;

    private static final List<FileWay> PLAIN = List.of(FileWay.LEASEHOLD, FileWay.SENDFILE);
    private static final List<FileWay> ENCRYPTED = List.of(FileWay.LEASEHOLD, FileWay.CHUNKED, FileWay.CHUNKED64);

    /// One server under one load.
    ///
    /// @param round from 1
    /// @param tls true if the connections are encrypted
    /// @param way how files are sent
    record Term(int round, boolean tls, FileWay way) {

        String text() {
            return way.text() + (tls ? ", TLS" : ", plain");
        }
    }

    /// {@return the plan of a form}
    ///
    /// | form | question | duration |
    /// |---|---|---|
    /// | `ci` | none, because there is no time for it | 0 s |
    /// | `short` | how do the ways compare on this machine now? | 5 min |
    /// | `full` | which results can be published? | 14 min |
    ///
    /// On two processors TLS code is compiled during the first twenty seconds of traffic. A shorter measurement would
    /// include that.
    ///
    /// @throws IllegalArgumentException if the form is unknown
    public static FilePlan of(String form) {
        return switch (form) {
            case "ci" -> new FilePlan(0, CONNECTIONS, new Timing(0, 0, 0, 0, 1, 0));
            case "short" -> new FilePlan(5, CONNECTIONS, new Timing(8_000, 0, 500, 0, 2_000, 0));
            case "full" -> new FilePlan(FULL_ROUNDS, CONNECTIONS, new Timing(20_000, 500, 1_000, 0, 5_000, 0));
            default -> throw new IllegalArgumentException("unknown form: name=" + form + "; use ci, short or full");
        };
    }

    /// {@return this plan with at most `most` rounds}
    ///
    /// @param most from 1
    public FilePlan inRounds(int most) {
        return new FilePlan(Math.min(most, rounds), connections, timing);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms().size() * timing.termMillis(true) / 1000;
    }

    /// {@return all terms; every other round runs the ways in reverse order}
    List<Term> terms() {
        List<Term> terms = new ArrayList<>();
        for (int i = 1; i <= rounds; i++) {
            int round = i;
            for (boolean tls : new boolean[] {false, true}) {
                List<FileWay> ways = tls ? ENCRYPTED : PLAIN;
                (i % 2 == 1 ? ways : ways.reversed()).forEach(way -> terms.add(new Term(round, tls, way)));
            }
        }
        return terms;
    }
}
