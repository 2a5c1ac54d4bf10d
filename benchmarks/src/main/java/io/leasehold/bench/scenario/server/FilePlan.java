package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.Terms;
import io.leasehold.bench.scenario.server.Plan.Timing;
import io.leasehold.bench.subject.Form;
import java.util.ArrayList;
import java.util.List;

/// What the file scenario runs: plain connections with Leasehold and sendfile, encrypted connections with Leasehold and
/// chunked files.
///
/// @param rounds number of rounds of each
/// @param timing of every term
public record FilePlan(int rounds, Timing timing) {

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
    /// On two processors TLS code is compiled during the first twenty seconds of traffic. After a shorter warm-up, the
    /// measurement includes that.
    public static FilePlan of(Form form) {
        return switch (form) {
            case CI -> new FilePlan(0, new Timing(0, 0, 0, 0, 1, 0));
            case SHORT -> new FilePlan(5, new Timing(8_000, 0, 500, 0, 2_000, 0));
            case FULL -> new FilePlan(6, new Timing(20_000, 500, 1_000, 0, 5_000, 0));
        };
    }

    /// {@return this plan with at most `most` rounds}
    ///
    /// @param most from 1
    public FilePlan inRounds(int most) {
        return new FilePlan(Math.min(most, rounds), timing);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms().expectedSeconds();
    }

    Terms<Term> terms() {
        List<Term> all = new ArrayList<>();
        for (int i = 1; i <= rounds; i++) {
            int round = i;
            for (boolean tls : new boolean[] {false, true}) {
                Terms.inTurn(round, tls ? ENCRYPTED : PLAIN).forEach(way -> all.add(new Term(round, tls, way)));
            }
        }
        return new Terms<>("files", all, Term::text, term -> timing.aloneMillis());
    }
}
