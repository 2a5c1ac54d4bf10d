package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.FileResult;
import io.leasehold.bench.scenario.load.FileTree;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.TempFolder;
import io.leasehold.bench.subject.JvmMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/// The file scenario: an HTTP/1.1 server sends the files of a folder ([FileTree]) in each way in turn, at full load.
/// All files are in the page cache, so that the ways are compared and not the disk.
///
/// A term that fails is reported and left out of the results. No process and no file remains, however the scenario
/// ends.
public final class FileScenario {

    private static final int CONNECTIONS = 16;

    private FileScenario() {}

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param out receives lines that say what runs and what was measured
    /// @return the terms that succeeded, in the order in which they ran; may be empty
    /// @throws IOException if the files cannot be written, or every term failed
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<FileResult> run(FilePlan plan, Consumer<String> out) throws IOException, InterruptedException {
        Optional<String> refusal = ServerScenario.refusal(SystemMemory.availableBytes());
        if (plan.rounds() == 0 || refusal.isPresent()) {
            out.accept(refusal.orElse("file scenario left out: this form has no time for it"));
            return List.of();
        }
        try (TempFolder root = new TempFolder();
                TempFolder keys = new TempFolder()) {
            FileTree.standard().write(root.path());
            Path key = Keys.make(keys.path());
            return plan.terms().run(term -> run(term, plan.timing(), root.path(), key), FileScenario::text, out);
        }
    }

    private static FileResult run(FilePlan.Term term, Plan.Timing timing, Path root, Path key)
            throws IOException, InterruptedException {
        Optional<Path> file = term.tls() ? Optional.of(key) : Optional.empty();
        List<String> args = List.of(
                "--port=0",
                "--allocator=" + term.way().allocator(),
                "--root=" + root,
                "--files=" + term.way().text(),
                "--trust=immutable");
        LoadPhase phase = new LoadPhase(CONNECTIONS, 1, 0, timing.rampMillis(), timing.measuredMillis());
        ServerRun.Measured measured;
        try (ServerRun server = ServerRun.start(JvmMode.NATIVE, args, file, true)) {
            server.warmUp(timing);
            measured = server.measure(phase, timing.settleMillis(), () -> {});
        }
        return new FileResult(
                term.round(),
                term.tls(),
                term.way().text(),
                measured.load().requests(),
                measured.load().bytes(),
                measured.load().wrong(),
                measured.load().seconds(),
                measured.cpuNanos(),
                measured.peakBytes());
    }

    private static String text(FileResult result) {
        return String.format(
                Locale.ROOT,
                "%,.0f MiB/s, %,.0f files/s, %.0f us of processor time per MiB, %d wrong",
                result.mibPerSecond(),
                result.requests() / result.seconds(),
                result.cpuMicrosPerMib(),
                result.wrong());
    }
}
