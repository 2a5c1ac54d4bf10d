package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import io.leasehold.bench.server.Plan;
import io.leasehold.bench.server.ServerScenario;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;

/// The server scenario as a part of the run.
///
/// @param rounds maximum number of rounds of any setting, or 0 for the number of its plan
record ServerPart(int rounds) implements Scenario {

    @Override
    public long expectedSeconds(Form form) {
        return plan(form).expectedSeconds();
    }

    @Override
    public void run(Form form, Results results, Consumer<String> progress) throws IOException, InterruptedException {
        results.writeServer(ServerScenario.run(plan(form), progress));
    }

    private Plan plan(Form form) {
        Plan plan = Plan.of(form.name().toLowerCase(Locale.ROOT));
        return rounds == 0 ? plan : plan.inRounds(rounds);
    }
}
