package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import java.util.ArrayList;
import java.util.List;

/// One of ours and the baselines that it is measured against; there may be none.
///
/// Partners stand in one class with the same parameters, but for those that a baseline does not know, and the
/// baseline's name is ours with a word added: `page` is measured against `pageMalloc`.
///
/// @param ours what Leasehold does
/// @param theirs each baseline, in the order of the results
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

    /// {@return what `baseline`'s name has more than ours, as `Malloc`}
    public String word(Measurement baseline) {
        return baseline.method().substring(ours.method().length());
    }

    /// {@return how ours compares with `baseline`}
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
