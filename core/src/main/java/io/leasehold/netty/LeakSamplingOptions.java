package io.leasehold.netty;

/// What the user says of leak detection, in Netty's own words.
final class LeakSamplingOptions {

    private static final String INTERVAL = "io.netty.leakDetection.samplingInterval";
    private static final int DEFAULT_INTERVAL = 128;

    private LeakSamplingOptions() {}

    /// {@return one buffer in how many is watched}
    static int interval() {
        return Math.max(1, Integer.getInteger(INTERVAL, DEFAULT_INTERVAL));
    }
}
