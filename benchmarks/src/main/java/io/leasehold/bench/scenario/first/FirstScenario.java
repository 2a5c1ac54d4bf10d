package io.leasehold.bench.scenario.first;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.process.Terms;
import io.leasehold.bench.result.FirstResult;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Measures the first buffer of each allocator, cold and warm, each time in a JVM of its own ([FirstProcess]).
///
/// @param rounds number of JVMs of each allocator, cold and warm
public record FirstScenario(int rounds) {

    /// Name of Leasehold behind Netty's allocator.
    static final String AGENT = "agent";

    private static final String ADAPTIVE = "adaptive";
    private static final String AGENT_JAR = "leasehold.agent.jar";
    private static final int LIMIT_MILLIS = 60_000;
    private static final int FEW_ROUNDS = 10;
    private static final int MANY_ROUNDS = 20;
    private static final long COLD_MILLIS = 900;
    private static final long WARM_MILLIS = 1_100;

    /// A JVM is quiet if it used less than this within [#QUIET_MILLIS]. An idle one uses 0.1 ms.
    private static final long QUIET_NANOS = 1_000_000;

    private static final long QUIET_MILLIS = 50;
    private static final int MAX_READS = 200;

    /// One JVM.
    record Term(int round, boolean isWarm, String allocator) {

        private String text() {
            return (isWarm ? "warm, " : "cold, ") + allocator;
        }

        /// {@return the allocator whose buffer makes Netty warm} With the agent, both of Netty's pools are Leasehold's.
        private String other() {
            return switch (allocator) {
                case AGENT -> "unpooled";
                case ADAPTIVE -> "pooled";
                default -> ADAPTIVE;
            };
        }
    }

    /// {@return the scenario of a form}
    ///
    /// @param rounds number of rounds, or 0 for those of the form: 1, 10 or 20
    public static FirstScenario of(Form form, int rounds) {
        if (rounds > 0) {
            return new FirstScenario(rounds);
        }
        return new FirstScenario(
                switch (form) {
                    case CI -> 1;
                    case SHORT -> FEW_ROUNDS;
                    case FULL -> MANY_ROUNDS;
                });
    }

    Terms<Term> terms() {
        List<String> allocators = new ArrayList<>(Allocators.names());
        allocators.add(1, AGENT);
        List<Term> all = new ArrayList<>();
        for (int i = 1; i <= rounds; i++) {
            for (String allocator : Terms.inTurn(i, List.copyOf(allocators))) {
                all.add(new Term(i, false, allocator));
                all.add(new Term(i, true, allocator));
            }
        }
        return new Terms<>("first buffer", all, Term::text, term -> term.isWarm ? WARM_MILLIS : COLD_MILLIS);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms().expectedSeconds();
    }

    /// Runs all terms. A failure is reported, and its term is left out.
    ///
    /// @param out receives lines that say what runs, how much time is left, and what was measured
    /// @throws IOException if every term failed
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public List<FirstResult> run(Consumer<String> out) throws IOException, InterruptedException {
        return terms().run(FirstScenario::run, FirstScenario::text, out);
    }

    static FirstResult run(Term term) throws IOException, InterruptedException {
        List<String> args = new ArrayList<>(List.of(term.allocator.equals(AGENT) ? ADAPTIVE : term.allocator));
        if (term.isWarm) {
            args.add(term.other());
        }
        long start = System.nanoTime();
        try (ChildJvm child = ChildJvm.start("the first buffer", FirstProcess.class, flags(term), args)) {
            long cpuBefore = 0;
            if (term.isWarm) {
                child.await(FirstProcess.WARM, LIMIT_MILLIS);
                cpuBefore = quietNanos(child.pid());
                child.tell("");
            }
            long nanos = Long.parseLong(child.await(FirstProcess.FIRST, LIMIT_MILLIS));
            long wallNanos = term.isWarm ? nanos : System.nanoTime() - start;
            long cpuNanos = quietNanos(child.pid()) - cpuBefore;
            return new FirstResult(term.round, term.isWarm, term.allocator, cpuNanos / 1e6, wallNanos / 1e6);
        }
    }

    private static List<String> flags(Term term) throws IOException {
        List<String> flags = new ArrayList<>(List.of(Allocators.MIN_HEAP, Allocators.MAX_HEAP, Allocators.NATIVE));
        if (term.allocator.equals(AGENT)) {
            Path jar = Path.of(System.getProperty(AGENT_JAR, ""));
            if (!Files.isRegularFile(jar)) {
                throw new IOException("no jar of the agent: " + AGENT_JAR + "=" + jar);
            }
            flags.add("-javaagent:" + jar);
        }
        return flags;
    }

    /// {@return processor time of a JVM whose compilers have nothing to do, in nanoseconds}
    ///
    /// @throws IOException if the JVM does not become quiet within ten seconds
    private static long quietNanos(long pid) throws IOException, InterruptedException {
        long before = ProcessorTime.ofProcess(pid);
        for (int i = 0; i < MAX_READS; i++) {
            Thread.sleep(QUIET_MILLIS);
            long now = ProcessorTime.ofProcess(pid);
            if (now - before < QUIET_NANOS) {
                return now;
            }
            before = now;
        }
        throw new IOException("the JVM of the first buffer is not quiet: millis=" + MAX_READS * QUIET_MILLIS);
    }

    private static String text(FirstResult result) {
        return String.format(
                Locale.ROOT, "%.0f ms of processor time, after %.0f ms", result.cpuMillis(), result.wallMillis());
    }
}
