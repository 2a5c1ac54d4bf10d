package io.leasehold.observe.otel;

import io.leasehold.observe.AllocatorFigures;
import io.leasehold.observe.ObservedAllocator;
import io.leasehold.observe.SizeClassFigures;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.BatchCallback;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Registers an allocator with a meter of OpenTelemetry.
///
/// Three instruments have the names of the semantic conventions for the buffer pools of the JVM. All have the attribute
/// `jvm.buffer.pool.name` with the value `leasehold-<name>`. If the meter has an allocator of that name already, the
/// value gets a number: `leasehold-web#2`. One collection reads the numbers of an allocator once.
///
/// | instrument | kind, unit | meaning |
/// |---|---|---|
/// | `jvm.buffer.memory.used` | up-down counter, By | memory that is committed for direct buffers |
/// | `jvm.buffer.memory.limit` | up-down counter, By | blocks of direct buffers in use, as for the pools of the JVM |
/// | `jvm.buffer.count` | up-down counter, {buffer} | direct buffers in use |
/// | `leasehold.memory` with `leasehold.state` | gauge, By | the states of the Micrometer binder |
/// | `leasehold.buffers` with `.area`, `.size` | gauge, {buffer} | buffers in use by the bytes of their blocks |
/// | `leasehold.refusals`, `.reclaims`, `.decommits`, `.faults` | counter | as in `AllocatorFigures` |
///
/// **Ownership.** The caller closes this object before the allocator. A closed allocator is shown with zeroes.
///
/// **Threads.** Thread-safe.
public final class LeaseholdInstruments implements AutoCloseable {

    private static final AttributeKey<String> POOL = AttributeKey.stringKey("jvm.buffer.pool.name");
    private static final AttributeKey<String> STATE = AttributeKey.stringKey("leasehold.state");
    private static final AttributeKey<String> AREA = AttributeKey.stringKey("leasehold.area");
    private static final AttributeKey<Long> SIZE = AttributeKey.longKey("leasehold.size");

    /// The names of the allocators that are registered with each meter.
    private static final Map<Meter, Set<String>> NAMES = new WeakHashMap<>(); // (L) itself

    private static final String BYTES = "By";
    private static final String BUFFERS = "{buffer}";

    private final ObservedAllocator allocator; // (C)
    private final Meter meter; // (C)
    private final String name; // (C)
    private final Attributes pool; // (C)
    private final ObservableLongMeasurement used; // (C)
    private final ObservableLongMeasurement limit; // (C)
    private final ObservableLongMeasurement count; // (C)
    private final ObservableLongMeasurement memory; // (C)
    private final ObservableLongMeasurement buffers; // (C)
    private final ObservableLongMeasurement refusals; // (C)
    private final ObservableLongMeasurement reclaims; // (C)
    private final ObservableLongMeasurement decommits; // (C)
    private final ObservableLongMeasurement faults; // (C)
    private final BatchCallback callback; // (C)
    private final AtomicBoolean isOpen = new AtomicBoolean(true); // (A)

    private LeaseholdInstruments(ObservedAllocator allocator, Meter meter, String name) {
        this.allocator = allocator;
        this.meter = meter;
        this.name = name;
        this.pool = Attributes.of(POOL, name);
        this.used = upDown(meter, "jvm.buffer.memory.used", BYTES, "Measure of memory used by buffers.");
        this.limit = upDown(meter, "jvm.buffer.memory.limit", BYTES, "Measure of total memory capacity of buffers.");
        this.count = upDown(meter, "jvm.buffer.count", BUFFERS, "Number of buffers in the pool.");
        this.memory = gauge(meter, "leasehold.memory", BYTES, "Memory of the allocator by state.");
        this.buffers = gauge(meter, "leasehold.buffers", BUFFERS, "Buffers in use by the size of their blocks.");
        this.refusals = counter(meter, "leasehold.refusals", "Reservations that a budget rejected.");
        this.reclaims = counter(meter, "leasehold.reclaims", "Flushes of the page caches of all threads.");
        this.decommits = counter(meter, "leasehold.decommits", "Runs of pages that were given back to the kernel.");
        this.faults = counter(meter, "leasehold.faults", "Kernel calls that failed.");
        this.callback = meter.batchCallback(
                this::record, used, limit, count, memory, buffers, refusals, reclaims, decommits, faults);
    }

    /// Registers an allocator.
    ///
    /// @param allocator allocator to show
    /// @param meter meter that makes the instruments
    /// @return the registration, to be closed by the caller
    public static LeaseholdInstruments register(ObservedAllocator allocator, Meter meter) {
        String name = takeName(meter, "leasehold-" + allocator.name());
        boolean isRegistered = false;
        try {
            LeaseholdInstruments made = new LeaseholdInstruments(allocator, meter, name);
            isRegistered = true;
            return made;
        } finally {
            if (!isRegistered) {
                freeName(meter, name);
            }
        }
    }

    /// {@return the name, or the first one with a number that no allocator of the meter has}
    private static String takeName(Meter meter, String name) {
        synchronized (NAMES) {
            Set<String> taken = NAMES.computeIfAbsent(meter, m -> new HashSet<>());
            String free = name;
            for (int i = 2; !taken.add(free); i++) {
                free = name + "#" + i;
            }
            return free;
        }
    }

    private static void freeName(Meter meter, String name) {
        synchronized (NAMES) {
            Set<String> taken = NAMES.get(meter);
            if (taken != null && taken.remove(name) && taken.isEmpty()) {
                NAMES.remove(meter);
            }
        }
    }

    private static ObservableLongMeasurement upDown(Meter meter, String name, String unit, String description) {
        return meter.upDownCounterBuilder(name)
                .setUnit(unit)
                .setDescription(description)
                .buildObserver();
    }

    private static ObservableLongMeasurement gauge(Meter meter, String name, String unit, String description) {
        return meter.gaugeBuilder(name)
                .ofLongs()
                .setUnit(unit)
                .setDescription(description)
                .buildObserver();
    }

    private static ObservableLongMeasurement counter(Meter meter, String name, String description) {
        return meter.counterBuilder(name).setDescription(description).buildObserver();
    }

    private void record() {
        AllocatorFigures figures = allocator.figures();
        used.record(figures.committedBytes(), pool);
        limit.record(figures.pinnedDirectBytes(), pool);
        count.record(figures.pinnedDirectBuffers(), pool);
        memory("limit", figures.limitBytes());
        memory("reserved", figures.reservedBytes());
        memory("committed", figures.committedBytes());
        memory("direct", figures.directBytes());
        memory("heap", figures.heapBytes());
        memory("pinned", figures.pinnedBytes());
        memory("cached", figures.cachedBytes());
        long resident = allocator.residentBytes();
        if (resident >= 0) {
            memory("resident", resident);
        }
        buffers("direct", figures.direct());
        buffers("heap", figures.onHeap());
        refusals.record(figures.refusals(), pool);
        reclaims.record(figures.reclaims(), pool);
        decommits.record(figures.decommits(), pool);
        faults.record(figures.kernelFaults(), pool);
    }

    private void memory(String state, long bytes) {
        memory.record(bytes, pool.toBuilder().put(STATE, state).build());
    }

    private void buffers(String area, List<SizeClassFigures> classes) {
        for (SizeClassFigures c : classes) {
            buffers.record(
                    c.liveBlocks(),
                    pool.toBuilder()
                            .put(AREA, area)
                            .put(SIZE, (long) c.byteSize())
                            .build());
        }
    }

    /// Ends the registration. Closing twice has no effect.
    @Override
    public void close() {
        if (isOpen.compareAndSet(true, false)) {
            callback.close();
            freeName(meter, name);
        }
    }
}
