package io.leasehold.budget;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OptionChecks;
import io.leasehold.os.MemoryPressure;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// A source of pressure for a budget: what the kernel says about the memory of the control group or the machine.
///
/// ```text
///   pressure = tasks waited for memory in at least maxStallPercent of the last ten seconds (PSI, "some avg10")
///           or anonymous and shared memory of the control group >= maxAnonBytes
/// ```
///
/// A number that the kernel does not report is no pressure: outside Linux, on kernels without PSI, and outside control
/// groups.
///
/// **Threads.** Thread-safe. No thread runs unless a caller asks. A caller may hold the lock of an arena, so it does
/// not read the files. It gets the last answer. At most once in 100 ms it starts a virtual thread that reads the files.
/// An answer that is older than a second is not used.
public final class SystemPressure implements BooleanSupplier {

    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MAX_PERCENT = 100;

    private final double maxStallPercent; // (C)
    private final long maxAnonBytes; // (C)
    private final Supplier<MemoryPressure> reader; // (C)
    private final Executor background; // (C)
    private final LongSupplier clock; // (C)
    private final AtomicLong next; // (A) compare-and-set; the time at which the files may be read again
    private volatile Answer last; // (A)

    /// What was read.
    ///
    /// @param pressure the numbers
    /// @param atNanos time of the clock
    private record Answer(MemoryPressure pressure, long atNanos) {}

    SystemPressure(
            double maxStallPercent,
            long maxAnonBytes,
            Supplier<MemoryPressure> reader,
            Executor background,
            LongSupplier clock) {
        if (!(maxStallPercent > 0 && maxStallPercent <= MAX_PERCENT)) {
            throw new IllegalArgumentException("maxStallPercent is out of bounds: maxStallPercent=" + maxStallPercent
                    + ", min=0 (exclusive), max=" + MAX_PERCENT);
        }
        this.maxStallPercent = maxStallPercent;
        this.maxAnonBytes = OptionChecks.atLeast("maxAnonBytes", maxAnonBytes, 1);
        this.reader = reader;
        this.background = background;
        this.clock = clock;
        this.last = new Answer(reader.get(), clock.getAsLong());
        this.next = new AtomicLong(last.atNanos + INTERVAL_NANOS);
    }

    /// Creates a source of pressure, and reads the files once.
    ///
    /// @param maxStallPercent part of the last ten seconds in percent, more than 0 and at most 100
    /// @param maxAnonBytes number of bytes, at least 1; [Long#MAX_VALUE] for no limit
    /// @return the source
    /// @throws IllegalArgumentException if a value is out of bounds
    public static SystemPressure of(double maxStallPercent, long maxAnonBytes) {
        return new SystemPressure(
                maxStallPercent, maxAnonBytes, MemoryPressure::read, inBackground(), System::nanoTime);
    }

    /// {@return an executor that runs each task on a virtual thread, which inherits nothing from the thread that asks}
    static Executor inBackground() {
        return Thread.ofVirtual().name("leasehold-pressure").inheritInheritableThreadLocals(false)::start;
    }

    /// {@return true if there is pressure, by the last answer} Does not block.
    @Override
    public boolean getAsBoolean() {
        long now = clock.getAsLong();
        long due = next.get();
        if (now - due >= 0 && next.compareAndSet(due, now + INTERVAL_NANOS)) {
            background.execute(() -> last = new Answer(reader.get(), clock.getAsLong()));
        }
        Answer seen = last;
        MemoryPressure pressure = seen.pressure;
        return now - seen.atNanos <= STALE_NANOS
                && (pressure.stallPercent() >= maxStallPercent || pressure.anonBytes() >= maxAnonBytes);
    }

    @Override
    public String toString() {
        return format(
                "SystemPressure(%s, maxStallPercent=%s, maxAnonBytes=%d)",
                last.pressure, maxStallPercent, maxAnonBytes);
    }
}
