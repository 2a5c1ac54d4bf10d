package io.leasehold.bench.report;

import static io.leasehold.bench.report.Target.atLeast;
import static io.leasehold.bench.report.Target.atMost;

import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Traffic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// The targets of the project for the ring, with their results.
record RingTargets(Lookup lookup) {

    private static final String RING = "ring";
    private static final Map<String, String> SMALL = Map.of("bufferSize", "KIB_4");
    private static final Map<String, String> LARGE = Map.of("bufferSize", "KIB_64");
    private static final double MICROS_PER_MILLI = 1000;

    List<Target> all() {
        List<Target> all = new ArrayList<>();
        pages(all);
        traffic(all);
        pools(all);
        return all;
    }

    private void pages(List<Target> all) {
        String one = "JumboBenchmark";
        String other = "JumboHandOffBenchmark";
        String read = "JumboReceiveBenchmark";
        all.add(atLeast(
                RING, "a page of 4 KiB, over Netty adaptive", 1.7, "2.5", faster(one, "oneLive", "Adaptive", SMALL)));
        all.add(atLeast(
                RING, "64 pages of 64 KiB live, over the best of Netty", 8, "15", lookup.overBest(one, "fifo", LARGE)));
        all.add(atLeast(
                RING,
                "a page of 4 KiB freed by another thread, over Netty adaptive",
                2,
                "3",
                faster(other, "handOff", "Adaptive", SMALL)));
        all.add(atLeast(
                RING,
                "a page of 64 KiB freed by another thread, over Netty pooled",
                8,
                "12",
                faster(other, "handOff", "Pooled", LARGE)));
        all.add(atMost(
                RING,
                "a read into a page of 64 KiB, garbage in B",
                10,
                "0",
                lookup.ours(read, "read", LARGE)
                        .map(Measurement::garbageBytes)
                        .map(bytes -> new Ratio(bytes, Double.NaN))));
    }

    private void traffic(List<Target> all) {
        RingRounds rounds = rounds();
        all.add(atMost(
                RING,
                "a read of the sink, garbage in B",
                10,
                "0",
                rounds.terms("sink", RingRounds.OURS).isEmpty()
                        ? Optional.empty()
                        : Optional.of(rounds.spread("sink", RingRounds.OURS, Traffic::garbagePerRead)
                                .ratio())));
        all.add(cpu("sink", "ring64", "CPU per GiB, over Netty's ring 64 deep", 0.85, "0.75"));
        all.add(cpu("sink", "ring", "CPU per GiB, over Netty's ring of the same depth", 0.85, "0.75"));
        all.add(cpu("sink", "epoll", "CPU per GiB, over epoll", 1, "0.9"));
        echo(all, "epoll4", "over epoll with reads of 4 KiB");
        echo(all, "epoll", "pages of 64 KiB, over epoll with its default reads");
        all.add(cpu("datagrams", "epollGro", "datagrams of 1,400 B, CPU over Netty with GRO", 0.6, "0.45"));
        all.add(cpu("datagrams", "epoll", "datagrams of 1,400 B, CPU over Netty without GRO", 0.1, "0.05"));
        all.add(atMost(
                RING,
                "wrong reads and messages of Leasehold",
                0,
                rounds.kinds().isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Ratio(
                                rounds.kinds().stream()
                                        .flatMap(kind -> rounds.terms(kind, RingRounds.OURS).stream())
                                        .mapToDouble(Traffic::wrong)
                                        .sum(),
                                Double.NaN))));
    }

    private void echo(List<Target> all, String receiver, String against) {
        all.add(atLeast(
                RING,
                "echo of 1 KiB, messages/s, " + against,
                1.6,
                "2.2",
                over("echo", receiver, Traffic::messagesPerSecond)));
        all.add(cpu("echo", receiver, "echo of 1 KiB, CPU, " + against, 0.65, "0.45"));
    }

    private void pools(List<Target> all) {
        all.add(atMost(
                RING,
                "worst allocation while growing from 64 to 4,096 pages, ms",
                1,
                "0.1",
                rounds().ring().growth().stream()
                        .filter(growth -> growth.allocator().equals(RingRounds.OURS))
                        .map(Growth::worstMicros)
                        .max(Double::compare)
                        .map(micros -> new Ratio(micros / MICROS_PER_MILLI, Double.NaN))));
        all.add(atLeast(
                RING,
                "returned 1 s after a burst, percent",
                90,
                "95 in 0.2 s",
                rounds().returned(RingRounds.OURS, 1000).map(Spread::ratio)));
        all.add(atLeast(
                RING,
                "returned 0.2 s after a burst, with trim(), percent",
                95,
                "",
                rounds().returned("trimmed", 200).map(Spread::ratio)));
    }

    private Target cpu(String kind, String receiver, String what, double must, String aim) {
        return atMost(RING, what, must, aim, over(kind, receiver, RingSection.cpu(kind)));
    }

    private Optional<Ratio> over(String kind, String receiver, ToDoubleFunction<Traffic> figure) {
        return rounds().over(kind, receiver, figure).map(Spread::ratio);
    }

    /// {@return how many times as fast Leasehold is}
    private Optional<Ratio> faster(String question, String method, String word, Map<String, String> params) {
        return lookup.over(question, method, method + word, params).map(Ratio::inverse);
    }

    private RingRounds rounds() {
        return new RingRounds(lookup.findings().ring());
    }
}
