package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The gain of a second thread, relative to its gain on private work. It is computed for each round: the two benchmarks
/// alternate, so a machine that slows down affects both.
///
/// @param question class that asks it
/// @param stem what is measured, for example `page`
/// @param rounds one figure for each round
public record Gain(String question, String stem, List<Double> rounds) {

    private static final String ONE = "OneThread";
    private static final String TWO = "TwoThreads";
    private static final String CONTROL = "control";

    /// {@return the gain of every class that measures one}
    public static List<Gain> of(List<Measurement> all) {
        List<Gain> gains = new ArrayList<>();
        for (Measurement one : all) {
            String method = one.method();
            if (method.endsWith(ONE) && !method.startsWith(CONTROL)) {
                String stem = method.substring(0, method.length() - ONE.length());
                List<Double> ours = gains(all, one.question(), stem);
                List<Double> control = gains(all, one.question(), CONTROL);
                List<Double> ratios = new ArrayList<>();
                for (int i = 0; i < Math.min(ours.size(), control.size()); i++) {
                    ratios.add(ours.get(i) / control.get(i));
                }
                if (!ratios.isEmpty()) {
                    gains.add(new Gain(one.question(), stem, ratios));
                }
            }
        }
        return gains;
    }

    /// {@return the median of the rounds}
    public double median() {
        return rounds.stream().sorted().toList().get(rounds.size() / 2);
    }

    /// {@return the figure as text}
    public String words() {
        List<Double> sorted = rounds.stream().sorted().toList();
        return "median %s, from %s to %s, %d %s"
                .formatted(
                        Numbers.plain(median(), 3),
                        Numbers.plain(sorted.getFirst(), 3),
                        Numbers.plain(sorted.getLast(), 3),
                        sorted.size(),
                        sorted.size() == 1 ? "round" : "rounds");
    }

    private static List<Double> gains(List<Measurement> all, String question, String stem) {
        List<Double> one = forks(all, question, stem + ONE).orElse(List.of());
        List<Double> two = forks(all, question, stem + TWO).orElse(List.of());
        List<Double> gains = new ArrayList<>();
        for (int i = 0; i < Math.min(one.size(), two.size()); i++) {
            gains.add(two.get(i) / one.get(i));
        }
        return gains;
    }

    private static Optional<List<Double>> forks(List<Measurement> all, String question, String method) {
        return all.stream()
                .filter(one -> one.question().equals(question) && one.method().equals(method))
                .map(Measurement::forks)
                .findFirst();
    }
}
