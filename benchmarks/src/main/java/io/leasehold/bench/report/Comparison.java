package io.leasehold.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One figure of Leasehold and of its baselines, in one or more cases. Everything that the report, the terminal and the
/// check against a baseline show is a list of these.
///
/// @param id name in the anchors of the page
/// @param group name of the group in `-Dbench=`
/// @param title what is compared
/// @param sentence the question, or an explanation
/// @param unit of the figures
/// @param better which figures are better
/// @param command that measures it again
/// @param isJudged false if the machine was too busy for verdicts
/// @param cases in the order of the results
record Comparison(
        String id,
        String group,
        String title,
        String sentence,
        String unit,
        Better better,
        String command,
        boolean isJudged,
        List<Case> cases) {

    /// MiB up to which a ratio of memory says nothing. The difference is shown instead.
    private static final double FEW_MIB = 32;

    private static final String MIB = "MiB";

    /// The group whose ratios are overheads.
    static final String OBSERVE = "observe";

    /// Which figures are better.
    enum Better {
        MORE("longer bars are better"),
        LESS("shorter bars are better");

        private final String words;

        Better(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    /// One case.
    ///
    /// @param label what distinguishes it
    /// @param isPlain true if charts show the case; the table shows all cases
    /// @param sides figures by side; Leasehold is first if it was measured
    /// @param more further figures of Leasehold by name, as text
    record Case(String label, boolean isPlain, Map<Side, Stat> sides, Map<String, String> more) {

        /// Uses medians for all sides if one side needs its median. So ratios and bars are those of the figures shown.
        Case {
            if (sides.values().stream().anyMatch(Stat::needsMedian)) {
                sides = new LinkedHashMap<>(sides);
                sides.replaceAll((side, stat) -> stat.median());
            }
        }

        static Case of(String label, Map<Side, Stat> sides) {
            return new Case(label, true, sides, Map.of());
        }

        /// {@return Leasehold's figure; empty if it was not measured}
        Optional<Stat> ours() {
            return sides.entrySet().stream()
                    .filter(side -> side.getKey().isOurs())
                    .map(Map.Entry::getValue)
                    .findFirst();
        }
    }

    /// The result of comparing Leasehold with one baseline.
    ///
    /// @param rival the baseline
    /// @param theirs its figure
    /// @param text the ratio, or the difference
    record Judgement(Side rival, Stat theirs, String text, Verdict verdict) {}

    /// {@return true if only the tables of the report show the comparison}
    boolean isMinor() {
        return FigureText.isMinor(id);
    }

    /// {@return the comparison with each baseline of a case}
    Map<Side, Judgement> judge(Case one) {
        Map<Side, Judgement> judgements = new LinkedHashMap<>();
        one.ours()
                .ifPresent(ours -> one.sides.forEach((side, theirs) -> {
                    if (!side.isOurs()) {
                        judgements.put(side, judge(side, ours, theirs));
                    }
                }));
        return judgements;
    }

    private Judgement judge(Side side, Stat ours, Stat theirs) {
        Ratio ratio = better == Better.MORE ? ours.over(theirs) : theirs.over(ours);
        boolean isEnough = ours.isEnough() && theirs.isEnough();
        boolean isLittle = unit.equals(MIB) && Math.min(ours.value(), theirs.value()) <= FEW_MIB;
        if (isLittle || !ours.isPositive() || !theirs.isPositive()) {
            double less = theirs.value() - ours.value();
            double lead = better == Better.LESS ? less : -less;
            Verdict verdict = less == 0 ? Verdict.EVEN : Verdict.of(lead, Math.hypot(ours.error(), theirs.error()));
            return new Judgement(
                    side,
                    theirs,
                    less == 0
                            ? "no difference"
                            : Numbers.figure(Math.abs(less)) + " " + unit + (less < 0 ? " more" : " less"),
                    isJudged ? isEnough || less == 0 ? verdict : Verdict.UNKNOWN : Verdict.BUSY);
        }
        Ratio shown = isEnough ? ratio : new Ratio(ratio.value(), Double.NaN); // NaN: fewer rounds have no interval
        String text = group.equals(OBSERVE) ? shown + shown.overhead() : shown.toString();
        return new Judgement(side, theirs, text, isJudged ? shown.verdict() : Verdict.BUSY);
    }

    /// {@return the comparison with the best baseline of a case; empty if there is none}
    Optional<Judgement> best(Case one) {
        Comparator<Judgement> least = Comparator.comparingDouble(judgement -> judgement.theirs.value());
        return judge(one).values().stream().min(better == Better.MORE ? least.reversed() : least);
    }

    /// {@return the cases that charts show; those in which Leasehold is worse come first}
    List<Case> shown() {
        List<Case> plain = cases.stream().filter(Case::isPlain).toList();
        return worstFirst(plain.isEmpty() ? cases : plain);
    }

    private List<Case> worstFirst(List<Case> some) {
        return some.stream().sorted(Comparator.comparing(one -> !isWorse(one))).toList();
    }

    private boolean isWorse(Case one) {
        return judge(one).values().stream().anyMatch(judgement -> judgement.verdict() == Verdict.LOSE);
    }

    /// {@return a line for each case and baseline}
    Table table() {
        List<String> more = cases.stream()
                .flatMap(one -> one.more.keySet().stream())
                .distinct()
                .toList();
        List<String> headings =
                new ArrayList<>(List.of("case", "Leasehold, " + unit, "baseline", unit, "ratio", "verdict"));
        headings.addAll(more);
        Table table = new Table(title, headings, new ArrayList<>());
        for (Case one : worstFirst(cases)) {
            Map<Side, Judgement> judgements = judge(one);
            boolean alone = judgements.isEmpty();
            for (Map.Entry<Side, Stat> side : one.sides.entrySet()) {
                Judgement judgement = judgements.get(side.getKey());
                if (judgement == null && !alone) {
                    continue;
                }
                boolean ours = side.getKey().isOurs();
                List<Table.Cell> row = new ArrayList<>(List.of(
                        Table.text(one.label),
                        Table.number(one.ours().map(Stat::text).orElse(Table.NOTHING)),
                        Table.text(ours ? Table.NOTHING : side.getKey().title()),
                        Table.number(ours ? Table.NOTHING : side.getValue().text()),
                        Table.number(judgement == null ? Table.NOTHING : judgement.text()),
                        judgement == null ? Table.text(Table.NOTHING) : Table.verdict(judgement.verdict())));
                more.forEach(name -> row.add(Table.number(one.more.getOrDefault(name, Table.NOTHING))));
                table.rows().add(row);
            }
        }
        return table;
    }
}
