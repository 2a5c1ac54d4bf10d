package io.leasehold.bench.scenario.growth.measure;

/// Names of further figures that several questions share.
public final class FigureNames {

    /// Processor time of the maintenance thread per operation, which is a part of the cost.
    public static final String MAINTENANCE = "of which maintenance, ns";

    /// Rate of another thread during the measurement.
    public static final String OTHER_RATE = "other thread, operations/s";

    /// Rate of another thread without the measured thread.
    public static final String OTHER_RATE_ALONE = "other thread alone, operations/s";

    private FigureNames() {}
}
