package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import java.util.ArrayList;
import java.util.List;

/// One Leasehold result and its baselines; there may be none.
///
/// A benchmark and its baselines are in one class and have the same parameters, except parameters that a baseline does
/// not have. The name of a baseline is the name of the benchmark with a word added: `page` is compared with
/// `pageMalloc`.
///
/// @param ours result of Leasehold
/// @param theirs results of the baselines, in the order of the results
public record Pairing(Measurement ours, List<Measurement> theirs) {

    /// {@return the pairings of `all`, in their order}
    public static List<Pairing> of(List<Measurement> all) {
        List<Pairing> pairings = new ArrayList<>();
        for (Measurement ours : all) {
            if (all.stream().noneMatch(other -> isBaseline(ours, other))) {
                pairings.add(new Pairing(
                        ours,
                        all.stream().filter(other -> isBaseline(other, ours)).toList()));
            }
        }
        return pairings;
    }

    /// {@return the word that the name of `baseline` adds, for example `Malloc`}
    public String word(Measurement baseline) {
        return baseline.method().substring(ours.method().length());
    }

    /// {@return the comparison of Leasehold with `baseline`}
    public Ratio ratio(Measurement baseline) {
        double a = ours.score();
        double b = baseline.score();
        return Ratio.of(ours.isRate() ? a / b : b / a, ours.error() / a, baseline.error() / b);
    }

    private static boolean isBaseline(Measurement result, Measurement ours) {
        String method = result.method();
        String stem = ours.method();
        return result.isComparableTo(ours)
                && method.startsWith(stem)
                && method.length() > stem.length()
                && Character.isUpperCase(method.charAt(stem.length()));
    }
}
