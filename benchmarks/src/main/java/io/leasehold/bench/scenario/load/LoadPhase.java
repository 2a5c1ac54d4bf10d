package io.leasehold.bench.scenario.load;

import com.fasterxml.jackson.annotation.JsonIgnore;

/// One phase of a load generator.
///
/// @param connections opened at its start and closed at its end
/// @param depth maximum number of requests that a connection has in flight
/// @param perSecond the fixed rate of all connections together; 0 for full load
/// @param rampMillis time before the measurement
/// @param measuredMillis measured time
public record LoadPhase(int connections, int depth, double perSecond, long rampMillis, long measuredMillis) {

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of its range
    public LoadPhase {
        if (connections < 1 || depth < 1 || measuredMillis < 1) {
            throw new IllegalArgumentException("load is too small: connections=" + connections + ", depth=" + depth
                    + ", measuredMillis=" + measuredMillis + ", min=1");
        }
        if (!(perSecond >= 0) || rampMillis < 0) {
            throw new IllegalArgumentException(
                    "load is negative: perSecond=" + perSecond + ", rampMillis=" + rampMillis + ", min=0");
        }
    }

    /// {@return true if each answer triggers the next request}
    @JsonIgnore
    public boolean isFlatOut() {
        return perSecond == 0;
    }
}
