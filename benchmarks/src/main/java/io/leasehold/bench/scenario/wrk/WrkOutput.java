package io.leasehold.bench.scenario.wrk;

import java.io.IOException;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// What `wrk --latency` printed.
///
/// @param requests answered
/// @param perSecond requests answered per second
/// @param p99Micros time within which 99 % of the requests were answered, in microseconds
/// @param wrong errors of sockets, and answers with a status of 400 or more
record WrkOutput(long requests, double perSecond, double p99Micros, long wrong) {

    private static final Pattern REQUESTS = line("(\\d+) requests in .*");
    private static final Pattern RATE = line("Requests/sec: +([0-9.]+)");
    private static final Pattern P99 = line("99% +([0-9.]+)(us|ms|s)");
    private static final Pattern ERRORS =
            line("Socket errors: connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");
    private static final Pattern REFUSED = line("Non-2xx or 3xx responses: (\\d+)");

    private static Pattern line(String regex) {
        return Pattern.compile("^ *" + regex + " *$", Pattern.MULTILINE);
    }

    /// {@return what an output says}
    ///
    /// @throws IOException if it is not the output of a successful run, or if no request was answered
    static WrkOutput parse(String output) throws IOException {
        long requests = Long.parseLong(find(REQUESTS, "requests", output).group(1));
        double perSecond =
                Double.parseDouble(find(RATE, "requests per second", output).group(1));
        MatchResult p99 = find(P99, "99 percentile", output);
        if (requests == 0) {
            throw new IOException("wrk got no answer: output=" + output.strip());
        }
        return new WrkOutput(
                requests,
                perSecond,
                Double.parseDouble(p99.group(1)) * micros(p99.group(2)),
                sum(ERRORS, output) + sum(REFUSED, output));
    }

    private static MatchResult find(Pattern pattern, String what, String output) throws IOException {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new IOException("not the output of wrk: missing=" + what + ", output=" + output.strip());
        }
        return matcher;
    }

    private static double micros(String unit) {
        return switch (unit) {
            case "us" -> 1;
            case "ms" -> 1e3;
            default -> 1e6;
        };
    }

    /// {@return the sum of the numbers in a line; 0 if there is no such line}
    private static long sum(Pattern pattern, String output) {
        Matcher matcher = pattern.matcher(output);
        return matcher.find()
                ? IntStream.rangeClosed(1, matcher.groupCount())
                        .mapToLong(group -> Long.parseLong(matcher.group(group)))
                        .sum()
                : 0;
    }
}
