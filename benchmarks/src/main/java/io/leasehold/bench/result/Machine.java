package io.leasehold.bench.result;

import java.util.Map;

/// Where, with what and how the numbers of a folder were made.
///
/// @param date of the start, in UTC, as ISO 8601
/// @param processor its name, as the system gives it
/// @param processorCount how many the JVM may use
/// @param memoryBytes of the machine; 0 if nobody wrote it down
/// @param system name, version and architecture
/// @param java version and vendor of the JDK
/// @param versions of the libraries that are compared, by name
/// @param commit the commit that was built, with `+` at its end if the tree had changes
/// @param command what was typed
public record Machine(
        String date,
        String processor,
        int processorCount,
        long memoryBytes,
        String system,
        String java,
        Map<String, String> versions,
        String commit,
        String command) {}
