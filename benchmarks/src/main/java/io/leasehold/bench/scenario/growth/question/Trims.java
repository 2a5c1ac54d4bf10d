package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;

/// Calls of a trim method while another thread works.
///
/// @param watch the times of the calls
/// @param other what the other thread did during the calls
/// @param mib returned memory of all calls
record Trims(Stopwatch watch, Stopwatch other, double mib) {

    private static final double MIB = 1 << 20;

    /// Prepares and trims repeatedly, first to warm up and then to measure, each until the budget is used up.
    ///
    /// @param prepare makes memory free before each call; it runs on an event loop
    /// @param trim the method, which returns the returned bytes
    static Trims measure(Load load, Worker other, Callable<?> prepare, LongSupplier trim) throws Exception {
        repeat(load, other, prepare, trim);
        return repeat(load, other, prepare, trim);
    }

    private static Trims repeat(Load load, Worker other, Callable<?> prepare, LongSupplier trim) throws Exception {
        Stopwatch watch = new Stopwatch();
        Stopwatch disturbed = new Stopwatch();
        long[] bytes = new long[1];
        long end = System.nanoTime() + load.nanos();
        do {
            Load.onLoop(prepare);
            disturbed.add(other.during(() -> {
                watch.start();
                bytes[0] += trim.getAsLong();
                watch.lap();
                watch.stop();
            }));
        } while (System.nanoTime() < end);
        return new Trims(watch, disturbed, bytes[0] / MIB);
    }

    /// {@return the memory that one call returned on average}
    double mibPerCall() {
        return mib / watch.laps();
    }
}
