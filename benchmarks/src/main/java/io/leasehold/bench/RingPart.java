package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.ring.PoolScenario;
import io.leasehold.bench.traffic.TrafficPlan;
import io.leasehold.bench.traffic.TrafficScenario;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;

/// The scenarios of the ring as a part of the run: under traffic, while the pool grows, and after a burst.
///
/// @param rounds number of rounds of the traffic, or 0 for the number of the form
record RingPart(int rounds) implements Scenario {

    @Override
    public long expectedSeconds(Form form) {
        return (plan(form).expectedMillis() + pools(form, line -> {}).expectedMillis()) / 1000;
    }

    @Override
    public void run(Form form, Results results, Consumer<String> progress) throws IOException, InterruptedException {
        PoolScenario pools = pools(form, progress);
        results.writeRing(new RingResult(TrafficScenario.run(plan(form), progress), pools.growth(), pools.returns()));
    }

    private TrafficPlan plan(Form form) {
        return TrafficPlan.of(form.name().toLowerCase(Locale.ROOT), rounds);
    }

    private static PoolScenario pools(Form form, Consumer<String> progress) {
        return switch (form) {
            case CI -> new PoolScenario(1, 1, progress);
            case SHORT -> new PoolScenario(5, 1, progress);
            case FULL -> new PoolScenario(20, 10, progress);
        };
    }
}
