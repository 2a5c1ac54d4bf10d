package io.leasehold.bench.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// The terms of a scenario, each of which measures one thing in processes of its own.
///
/// @param <T> a term
/// @param title of the scenario, for the progress
/// @param all in the order in which they run
/// @param text says what a term measures
/// @param millis expected duration of a term in milliseconds
public record Terms<T>(String title, List<T> all, Function<T, String> text, ToLongFunction<T> millis) {

    /// Runs one term.
    ///
    /// @param <T> the term
    /// @param <R> its result
    public interface Run<T, R> {

        /// {@return the result of a term}
        ///
        /// @throws IOException if a process fails, with its message
        /// @throws InterruptedException if the caller is interrupted
        R run(T term) throws IOException, InterruptedException;
    }

    /// {@return `sides` in the order of a round} Every other round is in reverse order, because the first side runs on
    /// a cooler machine.
    ///
    /// @param round from 1
    public static <S> List<S> inTurn(int round, List<S> sides) {
        return round % 2 == 1 ? sides : sides.reversed();
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return Math.ceilDiv(millisFrom(0), 1000);
    }

    private long millisFrom(int first) {
        return all.subList(first, all.size()).stream().mapToLong(millis).sum();
    }

    /// Runs all terms. A term that fails is reported in one sentence and left out, and the others still run.
    ///
    /// @param said describes a result in one line
    /// @param out receives lines: what runs, how much time is left, and the results
    /// @return the results of the terms that succeeded, in order; empty only if there are no terms
    /// @throws IOException if every term failed, with the message of the first one
    /// @throws InterruptedException if the caller is interrupted
    public <R> List<R> run(Run<T, R> run, Function<R, String> said, Consumer<String> out)
            throws IOException, InterruptedException {
        List<R> results = new ArrayList<>();
        Optional<Exception> failure = Optional.empty();
        long start = System.nanoTime();
        for (int i = 0; i < all.size(); i++) {
            T term = all.get(i);
            double left = millisFrom(i) / 1e3;
            if (i > 0) {
                left *= (System.nanoTime() - start) / 1e6 / Math.max(1, millisFrom(0) - millisFrom(i));
            }
            out.accept("%s %d of %d, about %d s left: %s"
                    .formatted(title, i + 1, all.size(), Math.round(left), text.apply(term)));
            try {
                R result = run.run(term);
                results.add(result);
                out.accept("  " + said.apply(result));
            } catch (IOException | RuntimeException e) {
                failure = Optional.of(failure.orElse(e));
                out.accept("  failed and left out: " + e.getMessage());
            }
        }
        if (results.isEmpty() && failure.isPresent()) {
            throw new IOException("nothing was measured, all %d terms failed: %s"
                    .formatted(all.size(), failure.get().getMessage()));
        }
        return results;
    }
}
