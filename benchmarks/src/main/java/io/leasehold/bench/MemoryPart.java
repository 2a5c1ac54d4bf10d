package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.function.Consumer;

/// The memory scenario as a part of the run.
record MemoryPart() implements Scenario {

    @Override
    public long expectedSeconds(Form form) {
        return Footprints.expectedSeconds(form);
    }

    @Override
    public void run(Form form, Results results, Consumer<String> progress) throws IOException, InterruptedException {
        results.writeMemory(Footprints.run(form, progress));
    }
}
