package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import java.util.function.Consumer;

/// A part of a run. It starts JVMs of its own and writes one file of results.
interface Scenario {

    /// {@return the expected duration in seconds}
    long expectedSeconds(Form form);

    /// Runs for about as long as `form` allows.
    ///
    /// @param results where the results are written
    /// @param progress receives lines that say what runs and how much time is left
    /// @throws Exception if the scenario cannot be run; the other parts still run
    void run(Form form, Results results, Consumer<String> progress) throws Exception;
}
