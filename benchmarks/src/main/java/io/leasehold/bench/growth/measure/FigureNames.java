package io.leasehold.bench.growth.measure;

/// Names of further figures that several questions have.
public final class FigureNames {

    /// Processor time of the maintenance thread for an operation, which is a part of the cost.
    public static final String MAINTENANCE = "of which maintenance, ns";

    /// The rate of another thread while the question is measured.
    public static final String OTHER_RATE = "other thread, operations/s";

    /// The rate of another thread that has the process for itself.
    public static final String OTHER_RATE_ALONE = "other thread alone, operations/s";

    private FigureNames() {}
}
