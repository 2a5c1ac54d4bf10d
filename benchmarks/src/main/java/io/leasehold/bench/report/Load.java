package io.leasehold.bench.report;

import io.leasehold.bench.result.ServerResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// One kind of traffic that every allocator served, in each round.
///
/// @param fixed whether requests came at a fixed rate, or as fast as they were answered
record Load(String transport, boolean tls, String mode, int pipelineDepth, boolean fixed) {

    private static final List<String> NETTYS = List.of("adaptive", "pooled");
    private static final String OURS = "leased";

    static Load of(ServerResult term) {
        return new Load(term.transport(), term.tls(), term.mode(), term.pipelineDepth(), term.targetPerSecond() > 0);
    }

    /// {@return it in words}
    String title() {
        return transport + (tls ? " TLS" : "") + " ×" + pipelineDepth + (fixed ? ", fixed rate" : ", flat out")
                + (mode.equals("native") ? "" : ", " + modeTitle());
    }

    /// {@return it in few letters, for an axis}
    String label() {
        return transport + (tls ? " TLS" : "") + " ×" + pipelineDepth + (fixed ? " fixed" : "")
                + (mode.equals("native") ? "" : " " + mode);
    }

    /// {@return what it is called in the page's addresses}
    String id() {
        return "%s-%s-%s-%d-%s"
                .formatted(transport, tls ? "tls" : "plain", mode, pipelineDepth, fixed ? "rate" : "max");
    }

    /// {@return the allocators that served it, ours first}
    List<String> allocators(List<ServerResult> terms) {
        return List.of(OURS, NETTYS.getFirst(), NETTYS.getLast()).stream()
                .filter(name -> !terms(terms, name).isEmpty())
                .toList();
    }

    /// {@return what one allocator's rounds say}
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

    /// {@return ours over the better of Netty's two, paired by round; nothing if either is missing}
    ///
    /// @param moreIsBetter which of Netty's is the better one
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

    /// How JDK 25 ran Netty.
    private String modeTitle() {
        return switch (mode) {
            case "unsafe" -> "Unsafe allowed";
            case "none" -> "no flag";
            default -> mode;
        };
    }
}
