package io.leasehold.netty;

/// The leak detection settings of the user, read from Netty's own system property.
final class LeakSamplingOptions {

    private static final String INTERVAL = "io.netty.leakDetection.samplingInterval";
    private static final int DEFAULT_INTERVAL = 128;

    private LeakSamplingOptions() {}

    /// {@return the sampling interval: one buffer in this many is watched}
    static int interval() {
        return Math.max(1, Integer.getInteger(INTERVAL, DEFAULT_INTERVAL));
    }
}
