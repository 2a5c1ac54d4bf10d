package io.leasehold.bench.report;

import io.leasehold.bench.result.ServerResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// One kind of load that every allocator served, in each round.
///
/// @param fixed true if requests were sent at a fixed rate, false if each answer triggered the next request
record Load(String transport, boolean tls, String mode, int pipelineDepth, boolean fixed) {

    private static final List<String> NETTYS = List.of("adaptive", "pooled");
    private static final String OURS = "leased";

    static Load of(ServerResult term) {
        return new Load(term.transport(), term.tls(), term.mode(), term.pipelineDepth(), term.targetPerSecond() > 0);
    }

    /// {@return the display name}
    String title() {
        return transport + (tls ? " TLS" : "") + " ×" + pipelineDepth + (fixed ? ", fixed rate" : ", flat out")
                + (mode.equals("native") ? "" : ", " + modeTitle());
    }

    /// {@return a short name for an axis}
    String label() {
        return transport + (tls ? " TLS" : "") + " ×" + pipelineDepth + (fixed ? " fixed" : "")
                + (mode.equals("native") ? "" : " " + mode);
    }

    /// {@return the identifier in the page's anchors}
    String id() {
        return "%s-%s-%s-%d-%s"
                .formatted(transport, tls ? "tls" : "plain", mode, pipelineDepth, fixed ? "rate" : "max");
    }

    /// {@return the allocators with results, Leasehold first}
    List<String> allocators(List<ServerResult> terms) {
        return List.of(OURS, NETTYS.getFirst(), NETTYS.getLast()).stream()
                .filter(name -> !terms(terms, name).isEmpty())
                .toList();
    }

    /// {@return the results of one allocator}
    List<ServerResult> terms(List<ServerResult> all, String allocator) {
        return all.stream()
                .filter(term -> of(term).equals(this) && term.allocator().equals(allocator))
                .toList();
    }

    /// {@return a figure of one allocator over the rounds}
    Spread spread(List<ServerResult> all, String allocator, ToDoubleFunction<ServerResult> figure) {
        return Spread.of(terms(all, allocator).stream()
                .map(term -> figure.applyAsDouble(term))
                .toList());
    }

    /// {@return Leasehold's figure divided by the better one of Netty's allocators, paired by round; empty if either is
    /// missing}
    ///
    /// @param moreIsBetter true if the higher figure is the better one
    Optional<Spread> overBest(List<ServerResult> all, ToDoubleFunction<ServerResult> figure, boolean moreIsBetter) {
        Spread best = null;
        for (String netty : NETTYS) {
            List<Double> ratios = new ArrayList<>();
            for (ServerResult ours : terms(all, OURS)) {
                for (ServerResult theirs : terms(all, netty)) {
                    if (ours.round() == theirs.round()) {
                        ratios.add(figure.applyAsDouble(ours) / figure.applyAsDouble(theirs));
                    }
                }
            }
            Spread spread = Spread.of(ratios);
            boolean isWorseForUs =
                    best == null || (moreIsBetter ? spread.mean() < best.mean() : spread.mean() > best.mean());
            if (!ratios.isEmpty() && isWorseForUs) {
                best = spread;
            }
        }
        return Optional.ofNullable(best);
    }

    /// {@return the display name of the mode in which JDK 25 ran Netty}
    private String modeTitle() {
        return switch (mode) {
            case "unsafe" -> "Unsafe allowed";
            case "none" -> "no flag";
            default -> mode;
        };
    }
}
