package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import java.util.function.Consumer;

/// A part of a run. It starts JVMs of its own and writes its own files of results.
///
/// @param title name for the progress
/// @param expectedSeconds expected duration in seconds
/// @param work the work of the part
record Part(String title, long expectedSeconds, Work work) {

    /// The work of a part.
    interface Work {

        /// Runs the part.
        ///
        /// @param results where the results are written
        /// @param progress receives lines that say what runs and how much time is left
        /// @throws Exception if the part cannot be run; the other parts still run
        void run(Results results, Consumer<String> progress) throws Exception;
    }
}
