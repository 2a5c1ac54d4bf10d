package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.MemoryResult.Moment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// Looks up single figures in the findings of a run. A result is empty if the figure was not measured.
record Lookup(Findings findings) {

    private static final String NATIVE = "NativeAccess";

    /// {@return the result of one method of Leasehold, with native access}
    Optional<Measurement> ours(String question, String method, Map<String, String> params) {
        return find(
                question,
                method,
                params,
                one -> one.variant().isEmpty() || one.variant().equals(NATIVE));
    }

    /// {@return the result of one method in a nested class}
    Optional<Measurement> in(String question, String variant, String method, Map<String, String> params) {
        return find(question, method, params, one -> one.variant().equals(variant));
    }

    /// {@return how many times as fast Leasehold is as the faster of Netty's allocators in its fastest JVM mode}
    Optional<Ratio> overBest(String question, String method, Map<String, String> params) {
        return ours(question, method, params).flatMap(ours -> overBest(ours, one -> true));
    }

    /// {@return how many times as fast Leasehold is as the faster of Netty's allocators in the JVM modes that
    /// `variants` accepts}
    Optional<Ratio> overBest(Measurement ours, Predicate<Measurement> variants) {
        return findings.jmh().stream()
                .filter(one -> one.question().equals(ours.question()))
                .filter(one -> one.params().equals(ours.params()))
                .filter(one -> one.method().equals(ours.method() + "Adaptive")
                        || one.method().equals(ours.method() + "Pooled"))
                .filter(variants)
                .map(theirs -> new Pairing(ours, List.of(theirs)).ratio(theirs))
                .min((a, b) -> Double.compare(a.value(), b.value()));
    }

    /// {@return the time of Leasehold, divided by the time of `baseline`}
    Optional<Ratio> over(String question, String method, String baseline) {
        return over(question, method, baseline, Map.of());
    }

    /// {@return the time of Leasehold, divided by the time of `baseline`, for one case}
    Optional<Ratio> over(String question, String method, String baseline, Map<String, String> params) {
        return ours(question, method, params)
                .flatMap(ours -> ours(question, baseline, params)
                        .map(theirs -> Ratio.of(
                                ours.score() / theirs.score(),
                                ours.error() / ours.score(),
                                theirs.error() / theirs.score())));
    }

    /// {@return how many times as good Leasehold is as a baseline with the same parameters}
    Optional<Ratio> better(Measurement ours, String baseline) {
        return findings.jmh().stream()
                .filter(one -> one.method().equals(baseline) && one.isComparableTo(ours))
                .map(theirs -> new Pairing(ours, List.of(theirs)).ratio(theirs))
                .findFirst();
    }

    /// {@return the time of Leasehold minus the time of `baseline`}
    Optional<Ratio> more(String question, String method, String baseline, Map<String, String> params) {
        return ours(question, method, params)
                .flatMap(ours -> ours(question, baseline, params)
                        .map(theirs ->
                                new Ratio(ours.score() - theirs.score(), Math.hypot(ours.error(), theirs.error()))));
    }

    /// {@return the throughput gained with a second thread, relative to private work}
    Optional<Ratio> gain(String question) {
        return Gain.of(findings.jmh()).stream()
                .filter(gain -> gain.question().equals(question))
                .map(gain -> new Ratio(gain.median(), Spread.of(gain.rounds()).error()))
                .findFirst();
    }

    /// {@return the state of an allocator at a named moment of a memory scenario}
    Optional<Moment> moment(String scenario, String allocator, String moment) {
        return findings.memory().stream()
                .filter(result ->
                        result.scenario().equals(scenario) && result.allocator().equals(allocator))
                .flatMap(result -> result.moments().stream())
                .filter(one -> one.name().equals(moment))
                .findFirst();
    }

    private Optional<Measurement> find(
            String question, String method, Map<String, String> params, Predicate<Measurement> variant) {
        return findings.jmh().stream()
                .filter(one -> one.question().equals(question) && one.method().equals(method))
                .filter(one -> one.params().entrySet().containsAll(params.entrySet()))
                .filter(variant)
                .findFirst();
    }
}
