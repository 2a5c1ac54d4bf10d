package io.leasehold.bench;

import io.leasehold.bench.growth.GrowthPlan;
import io.leasehold.bench.growth.GrowthScenario;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;

/// The growth benchmark as a part of the run.
///
/// @param question id of the only question that is asked, or an empty string for all
record GrowthPart(String question) implements Scenario {

    @Override
    public long expectedSeconds(Form form) {
        return plan(form).expectedSeconds();
    }

    @Override
    public void run(Form form, Results results, Consumer<String> progress) throws IOException, InterruptedException {
        GrowthScenario.Outcome outcome = GrowthScenario.run(plan(form), progress);
        results.writeGrowth(outcome.results());
        if (!outcome.failures().isEmpty()) {
            throw new IOException(outcome.failures().size() + " measurements failed; the first: "
                    + outcome.failures().getFirst());
        }
    }

    private GrowthPlan plan(Form form) {
        GrowthPlan plan = GrowthPlan.of(form.name().toLowerCase(Locale.ROOT));
        return question.isEmpty() ? plan : plan.only(question);
    }
}
