package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import io.leasehold.bench.server.FilePlan;
import io.leasehold.bench.server.FileScenario;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;

/// The file scenario as a part of the run.
///
/// @param rounds maximum number of rounds, or 0 for the number of its plan
record FilePart(int rounds) implements Scenario {

    @Override
    public long expectedSeconds(Form form) {
        return plan(form).expectedSeconds();
    }

    @Override
    public void run(Form form, Results results, Consumer<String> progress) throws IOException, InterruptedException {
        results.writeFiles(FileScenario.run(plan(form), progress));
    }

    private FilePlan plan(Form form) {
        FilePlan plan = FilePlan.of(form.name().toLowerCase(Locale.ROOT));
        return rounds == 0 ? plan : plan.inRounds(rounds);
    }
}
