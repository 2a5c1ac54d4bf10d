package io.leasehold.window;

import java.nio.file.Path;
import java.time.Duration;

/// Main class of the JVMs that [TruncationStormFormsTest] starts: runs a storm and prints its result.
final class TruncationStormProgram {

    private TruncationStormProgram() {}

    /// Runs one storm.
    ///
    /// @param arguments a folder, a seed, and a duration in seconds
    public static void main(String[] arguments) throws Exception {
        Duration duration = Duration.ofSeconds(Long.parseLong(arguments[2]));
        TruncationStorm.Result result =
                TruncationStorm.run(Path.of(arguments[0]), Long.parseLong(arguments[1]), duration);
        System.out.println(result.lines());
        System.out.println("end=reached");
    }
}
