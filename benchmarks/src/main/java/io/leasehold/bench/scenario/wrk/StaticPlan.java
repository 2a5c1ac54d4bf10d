package io.leasehold.bench.scenario.wrk;

import io.leasehold.bench.process.Terms;
import io.leasehold.bench.subject.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What the scenario runs. Each term is a server of its own, which is warmed up with each file and then measured with
/// each file. Times are in whole seconds, because `wrk` takes no others.
///
/// @param rounds number of rounds of each server
/// @param jvmSeconds warm-up of a JVM with each file
/// @param nginxSeconds warm-up of nginx with each file
/// @param measuredSeconds measured time with each file
public record StaticPlan(int rounds, int jvmSeconds, int nginxSeconds, int measuredSeconds) {

    /// The lengths of the files in bytes: a small answer, one that fills a socket's buffer, and a large one.
    static final List<Integer> BYTE_SIZES = List.of(2 << 10, 64 << 10, 1 << 20);

    /// The start of a JVM that touches its heap, and its end.
    private static final long JVM_MILLIS = 1_500;

    private static final long NGINX_MILLIS = 200;

    /// The time that `wrk` takes in addition to its duration.
    private static final long WRK_MILLIS = 50;

    /// One server.
    ///
    /// @param round from 1
    record Term(int round, StaticSide side) {

        String text() {
            return side.text();
        }
    }

    /// {@return the plan of a form}
    ///
    /// | form | question | duration |
    /// |---|---|---|
    /// | `ci` | does it run? Each server once | 22 s |
    /// | `short` | how do the servers compare on this machine now? | 4 min |
    /// | `full` | which results can be published? | 9 min |
    ///
    /// On two busy processors, the compilers of a JVM had most of their work in the first eight seconds of this load.
    /// A worker of nginx only has to open the files.
    public static StaticPlan of(Form form) {
        return switch (form) {
            case CI -> new StaticPlan(1, 1, 1, 1);
            case SHORT -> new StaticPlan(5, 3, 1, 2);
            case FULL -> new StaticPlan(6, 7, 1, 5);
        };
    }

    /// {@return this plan with at most `most` rounds}
    ///
    /// @param most from 1
    public StaticPlan inRounds(int most) {
        return new StaticPlan(Math.min(most, rounds), jvmSeconds, nginxSeconds, measuredSeconds);
    }

    /// {@return the duration of the warm-up with each file}
    int warmSeconds(StaticSide side) {
        return side.isJvm() ? jvmSeconds : nginxSeconds;
    }

    Terms<Term> terms(List<StaticSide> sides) {
        List<Term> all = new ArrayList<>();
        for (int i = 1; i <= rounds; i++) {
            int round = i;
            Terms.inTurn(round, sides).forEach(side -> all.add(new Term(round, side)));
        }
        return new Terms<>("static files", all, Term::text, term -> millis(term.side));
    }

    private long millis(StaticSide side) {
        long load = TimeUnit.SECONDS.toMillis(warmSeconds(side) + measuredSeconds) + 2 * WRK_MILLIS;
        return (side.isJvm() ? JVM_MILLIS : NGINX_MILLIS) + BYTE_SIZES.size() * load;
    }
}
