package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import java.util.function.Consumer;

/// A part of the main job: it starts JVMs of its own, and leaves a file among the results.
interface Scenario {

    /// {@return about how long it takes}
    long expectedSeconds(Form form);

    /// Runs for about as long as `form` allows.
    ///
    /// @param results where it leaves what it found
    /// @param progress is told what runs, and how much is left
    /// @throws Exception if it could not be run; the other parts run all the same
    void run(Form form, Results results, Consumer<String> progress) throws Exception;
}
