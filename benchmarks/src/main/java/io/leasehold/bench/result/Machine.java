package io.leasehold.bench.result;

import java.util.Map;

/// The machine, the software and the command with which the results of a folder were measured.
///
/// @param date of the start, in UTC, in ISO 8601 format
/// @param processor name reported by the system
/// @param processorCount number of processors that the JVM may use
/// @param memoryBytes of the machine; 0 if unknown
/// @param system name, version and architecture
/// @param java version and vendor of the JDK
/// @param versions of the compared libraries, by name
/// @param commit that was built, with `+` at its end if the tree had changes
/// @param command that was typed
/// @param conditions how busy the machine was with other work
public record Machine(
        String date,
        String processor,
        int processorCount,
        long memoryBytes,
        String system,
        String java,
        Map<String, String> versions,
        String commit,
        String command,
        Conditions conditions) {

    /// {@return this description with other conditions}
    public Machine under(Conditions other) {
        return new Machine(
                date, processor, processorCount, memoryBytes, system, java, versions, commit, command, other);
    }
}
