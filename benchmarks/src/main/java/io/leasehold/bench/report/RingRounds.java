package io.leasehold.bench.report;

import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.RingResult.Traffic;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/// The rounds of the ring scenarios, by receiver and by pool.
record RingRounds(RingResult ring) {

    static final String OURS = "leased";

    private static final String OURS_LARGE = "leased64";
    private static final List<String> ORDER =
            List.of(OURS, OURS_LARGE, "ring", "ring64", "epollGro", "epoll4", "epoll");

    boolean isEmpty() {
        return ring.traffic().isEmpty()
                && ring.growth().isEmpty()
                && ring.returns().isEmpty();
    }

    /// {@return the kinds of traffic that were measured, in the order of the report}
    List<String> kinds() {
        return List.of("sink", "echo", "datagrams").stream()
                .filter(kind -> !receivers(kind).isEmpty())
                .toList();
    }

    /// {@return the receivers of a kind of traffic, Leasehold first}
    List<String> receivers(String kind) {
        return ring.traffic().stream()
                .filter(term -> term.kind().equals(kind))
                .map(Traffic::receiver)
                .distinct()
                .sorted(Comparator.comparingInt(ORDER::indexOf))
                .toList();
    }

    List<Traffic> terms(String kind, String receiver) {
        return ring.traffic().stream()
                .filter(term -> term.kind().equals(kind) && term.receiver().equals(receiver))
                .toList();
    }

    /// {@return a figure of one receiver over the rounds}
    Spread spread(String kind, String receiver, ToDoubleFunction<Traffic> figure) {
        return Spread.of(
                terms(kind, receiver).stream().map(figure::applyAsDouble).toList());
    }

    static boolean isOurs(String receiver) {
        return receiver.equals(OURS) || receiver.equals(OURS_LARGE);
    }

    /// {@return the Leasehold receiver to compare with} By default epoll reads all that is available, so its echo is
    /// compared with large pages.
    private static String ours(String kind, String receiver) {
        return kind.equals("echo") && receiver.equals("epoll") ? OURS_LARGE : OURS;
    }

    /// {@return Leasehold's figure divided by that of another receiver, paired by round; empty if either is missing}
    Optional<Spread> over(String kind, String receiver, ToDoubleFunction<Traffic> figure) {
        List<Double> ratios = new ArrayList<>();
        for (Traffic ours : terms(kind, ours(kind, receiver))) {
            for (Traffic theirs : terms(kind, receiver)) {
                if (ours.round() == theirs.round()) {
                    ratios.add(figure.applyAsDouble(ours) / figure.applyAsDouble(theirs));
                }
            }
        }
        return ratios.isEmpty() ? Optional.empty() : Optional.of(Spread.of(ratios));
    }

    /// {@return the allocators whose growth was measured, Leasehold first}
    List<String> growing() {
        return ring.growth().stream().map(Growth::allocator).distinct().toList();
    }

    /// {@return a figure of one allocator's growth over the rounds; empty if it was not measured}
    Optional<Spread> growth(String allocator, ToDoubleFunction<Growth> figure) {
        return spread(ring.growth(), one -> one.allocator().equals(allocator), figure);
    }

    /// {@return the allocators with a burst, Leasehold first}
    List<String> bursting() {
        return ring.returns().stream().map(Return::allocator).distinct().toList();
    }

    List<Return> bursts(String allocator) {
        return ring.returns().stream()
                .filter(one -> one.allocator().equals(allocator))
                .toList();
    }

    /// {@return the percentage of a burst that was returned to the system `millis` after it; empty if there was no
    /// burst}
    Optional<Spread> returned(String allocator, long millis) {
        return spread(ring.returns(), one -> one.allocator().equals(allocator), one -> 100 * one.returned(millis));
    }

    private static <T> Optional<Spread> spread(List<T> all, Predicate<T> which, ToDoubleFunction<T> figure) {
        List<Double> rounds =
                all.stream().filter(which).map(figure::applyAsDouble).toList();
        return rounds.isEmpty() ? Optional.empty() : Optional.of(Spread.of(rounds));
    }

    /// {@return the display name of a kind of traffic}
    static String title(String kind) {
        return switch (kind) {
            case "sink" -> "Sink, 64 KiB a read";
            case "echo" -> "Echo, 1 KiB a message, 32 in flight";
            case "datagrams" -> "Datagrams of 1,400 B in GSO batches";
            default -> kind;
        };
    }

    /// {@return the display name of a receiver}
    static String receiver(String kind, String receiver) {
        boolean datagrams = kind.equals("datagrams");
        boolean echo = kind.equals("echo");
        return switch (receiver) {
            case OURS ->
                datagrams ? "Leasehold, DatagramSource" : echo ? "Leasehold, 4 KiB pages" : "Leasehold on io_uring";
            case OURS_LARGE -> "Leasehold, 64 KiB pages";
            case "ring" -> echo ? "Netty's ring, 4 KiB pages" : "Netty's ring, same depth";
            case "ring64" -> "Netty's ring, 64 deep";
            case "epollGro" -> "Netty epoll, GRO";
            case "epoll4" -> "Netty epoll, 4 KiB reads";
            case "epoll" -> datagrams ? "Netty epoll, no GRO" : "Netty epoll";
            default -> receiver;
        };
    }

    /// {@return the side of a receiver}
    static Side side(String receiver) {
        return switch (receiver) {
            case OURS -> Side.LEASED;
            case "ring", "epollGro" -> Side.OTHER;
            case "ring64", OURS_LARGE -> Side.ANOTHER;
            case "epoll4" -> Side.POOLED;
            default -> Side.ADAPTIVE;
        };
    }

    /// {@return the display name of a pool}
    static String pool(String allocator) {
        return allocator.equals("trimmed")
                ? "Leasehold, trimmed"
                : Side.ofAllocator(allocator).title();
    }

    /// {@return the side of a pool}
    static Side poolSide(String allocator) {
        return allocator.equals("trimmed") ? Side.ANOTHER : Side.ofAllocator(allocator);
    }
}
