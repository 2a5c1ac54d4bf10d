package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.AvailableMemory;
import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.result.FileResult;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.scenario.load.FileTree;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.LoadProcess;
import io.leasehold.bench.scenario.load.LoadResult;
import io.leasehold.bench.subject.JvmMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The file scenario: an HTTP/1.1 server sends the files of a folder ([FileTree]) in each way in turn, at full load.
/// All files are in the page cache, so that the ways are compared and not the disk.
///
/// A term that fails is reported and left out of the results. No process and no file remains, however the scenario
/// ends.
public final class FileScenario {

    private final FilePlan plan; // (C)
    private final Path root; // (C)
    private final Consumer<String> out; // (C)
    private volatile boolean isEnding; // (A) set when this JVM ends

    private FileScenario(FilePlan plan, Path root, Consumer<String> out) {
        this.plan = plan;
        this.root = root;
        this.out = out;
    }

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param out receives lines that say what runs and what was measured
    /// @return the terms that succeeded, in the order in which they ran; may be empty
    /// @throws IOException if the files cannot be written
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<FileResult> run(FilePlan plan, Consumer<String> out) throws IOException, InterruptedException {
        Optional<String> refusal = ServerScenario.refusal(AvailableMemory.bytes());
        if (plan.rounds() == 0 || refusal.isPresent()) {
            out.accept(refusal.orElse("file scenario left out: this form has no time for it"));
            return List.of();
        }
        Path root = Files.createTempDirectory("bench-files");
        FileScenario scenario = new FileScenario(plan, root, out);
        Thread hook = new Thread(scenario::end, "end of servers");
        Runtime.getRuntime().addShutdownHook(hook);
        try (ServerScenario.KeyFile keys = new ServerScenario.KeyFile()) {
            FileTree.standard().write(root);
            return scenario.runTerms(keys);
        } finally {
            ServerScenario.removeHook(hook);
            scenario.end();
        }
    }

    private void end() {
        isEnding = true;
        ChildJvm.endAll();
        try {
            if (Files.exists(root)) {
                FileTree.delete(root);
            }
        } catch (IOException e) {
            out.accept("cannot delete the files: folder=" + root + ": " + e.getMessage());
        }
    }

    private List<FileResult> runTerms(ServerScenario.KeyFile keys) throws InterruptedException {
        List<FileResult> results = new ArrayList<>();
        List<FilePlan.Term> terms = plan.terms();
        for (int i = 0; i < terms.size() && !isEnding; i++) {
            FilePlan.Term term = terms.get(i);
            out.accept("files %d of %d: %s".formatted(i + 1, terms.size(), term.text()));
            try {
                FileResult result = run(term, term.tls() ? Optional.of(keys.path()) : Optional.empty());
                results.add(result);
                out.accept(String.format(
                        Locale.ROOT,
                        "  %,.0f MiB/s, %,.0f files/s, %.0f us of processor time per MiB, %d wrong",
                        result.mibPerSecond(),
                        result.requests() / result.seconds(),
                        result.cpuMicrosPerMib(),
                        result.wrong()));
            } catch (IOException | RuntimeException e) {
                if (!isEnding) {
                    out.accept("  failed and left out: " + e.getMessage());
                }
            }
        }
        return List.copyOf(results);
    }

    private FileResult run(FilePlan.Term term, Optional<Path> keys) throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(TermRun.SERVER_FLAGS);
        flags.addAll(JvmMode.NATIVE.flags());
        List<String> args = new ArrayList<>(List.of(
                "--port=0",
                "--allocator=" + term.way().allocator(),
                "--root=" + root,
                "--files=" + term.way().text(),
                "--trust=immutable"));
        keys.ifPresent(file -> args.add("--keys=" + file));
        try (ChildJvm server = ChildJvm.start("the server", ServerProcess.class, flags, args)) {
            String address = server.await("listening on ", TermRun.START_MILLIS);
            List<String> loadArgs = new ArrayList<>(List.of(address.substring(address.lastIndexOf(':') + 1)));
            keys.ifPresent(file -> loadArgs.add(file.toString()));
            loadArgs.add(LoadProcess.FILES);
            try (ChildJvm load =
                    ChildJvm.start("the load generator", LoadProcess.class, TermRun.LOAD_FLAGS, loadArgs)) {
                load.await("ready", TermRun.START_MILLIS);
                return measure(term, server, load);
            }
        }
    }

    private FileResult measure(FilePlan.Term term, ChildJvm server, ChildJvm load)
            throws IOException, InterruptedException {
        Plan.Timing timing = plan.timing();
        load.tell("run " + new LoadPhase(TermRun.WARM_CONNECTIONS, 1, 0, 0, timing.warmMillis()).line());
        TermRun.result(load, timing.warmMillis());
        TimeUnit.MILLISECONDS.sleep(timing.pauseMillis());
        try (ResidentCurve curve = new ResidentCurve(server.pid())) {
            load.tell("run "
                    + new LoadPhase(plan.connections(), 1, 0, timing.rampMillis(), timing.measuredMillis()).line());
            load.await("measuring", TermRun.START_MILLIS + timing.rampMillis());
            ServerValues before = TermRun.values(server);
            load.await("measured", timing.measuredMillis() + TermRun.ANSWER_MILLIS);
            ServerValues after = TermRun.values(server);
            LoadResult result = TermRun.result(load, 0);
            if (result.requests() == 0) {
                throw new IOException("no file arrived during the measurement. " + result.problem());
            }
            return new FileResult(
                    term.round(),
                    term.tls(),
                    term.way().text(),
                    result.requests(),
                    result.bytes(),
                    result.wrong(),
                    result.seconds(),
                    after.cpuNanos() - before.cpuNanos(),
                    curve.stop().stream().mapToLong(Sample::residentBytes).max().orElse(0));
        }
    }
}
