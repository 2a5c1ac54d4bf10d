package io.leasehold.observe.micrometer;

import io.leasehold.observe.AllocatorFigures;
import io.leasehold.observe.ObservedAllocator;
import io.leasehold.observe.SizeClassFigures;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// Binds an allocator to a registry of Micrometer.
///
/// Three meters have the names that Micrometer gives to the buffer pools of the JVM, so that dashboards show the
/// allocator as one more pool. All meters have the tag `id` with the value `leasehold-<name>`.
///
/// | meter | unit | meaning |
/// |---|---|---|
/// | `jvm.buffer.count` | buffers | direct buffers in use |
/// | `jvm.buffer.memory.used` | bytes | memory that is committed for direct buffers |
/// | `jvm.buffer.total.capacity` | bytes | blocks of direct buffers in use |
/// | `leasehold.memory` with `state` | bytes | memory by state, see below |
/// | `leasehold.buffers` with `area`, `size` | buffers | buffers in use by the bytes of their blocks |
/// | `leasehold.refusals` | | reservations that a budget rejected |
/// | `leasehold.reclaims` | | flushes of the page caches of all threads |
/// | `leasehold.decommits` | | runs of pages that were given back to the kernel |
/// | `leasehold.faults` | | kernel calls that failed |
///
/// The states are `limit`, `reserved`, `committed`, `resident`, `direct`, `heap`, `pinned` and `cached`, as in
/// [AllocatorFigures]. A size class gets a meter if it holds memory when the registry is bound or [#refresh] is called.
///
/// **Ownership.** The registry refers to the allocator until [#close], which the caller calls before it closes the
/// allocator. Meters of a closed allocator are 0.
///
/// **Threads.** Thread-safe.
public final class LeaseholdMetrics implements MeterBinder, AutoCloseable {

    private static final String FIRST = "jvm.buffer.count";

    private final ObservedAllocator allocator; // (C)
    private final Map<MeterRegistry, Tags> tagsIn = new HashMap<>(); // (L) this
    private Tags tags = Tags.empty(); // (L) this; of the registry that is being changed
    private final List<Bound> bound = new ArrayList<>(); // (L) this

    private record Bound(MeterRegistry registry, Meter meter) {}

    /// Creates meters that are not bound to a registry yet.
    ///
    /// @param allocator allocator to show
    public LeaseholdMetrics(ObservedAllocator allocator) {
        this.allocator = Objects.requireNonNull(allocator, "allocator is null");
    }

    /// Adds the meters to a registry. If it has those of another allocator with the same name, the identifier gets a
    /// number: `leasehold-web#2`.
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        synchronized (LeaseholdMetrics.class) { // two allocators of one name must not find the same identifier free
            tags = tagsIn.computeIfAbsent(registry, this::firstFree);
            pool(registry, FIRST, BaseUnits.BUFFERS, AllocatorFigures::pinnedDirectBuffers);
        }
        pool(registry, "jvm.buffer.memory.used", BaseUnits.BYTES, AllocatorFigures::committedBytes);
        pool(registry, "jvm.buffer.total.capacity", BaseUnits.BYTES, AllocatorFigures::pinnedDirectBytes);
        memory(registry, "limit", AllocatorFigures::limitBytes);
        memory(registry, "reserved", AllocatorFigures::reservedBytes);
        memory(registry, "committed", AllocatorFigures::committedBytes);
        memory(registry, "direct", AllocatorFigures::directBytes);
        memory(registry, "heap", AllocatorFigures::heapBytes);
        memory(registry, "pinned", AllocatorFigures::pinnedBytes);
        memory(registry, "cached", AllocatorFigures::cachedBytes);
        add(
                registry,
                Gauge.builder("leasehold.memory", allocator, LeaseholdMetrics::resident)
                        .tags(tags.and("state", "resident"))
                        .baseUnit(BaseUnits.BYTES)
                        .description("resident bytes of the pages of the allocator, if the kernel reports them")
                        .register(registry));
        counter(registry, "leasehold.refusals", "reservations that a budget rejected", AllocatorFigures::refusals);
        counter(registry, "leasehold.reclaims", "flushes of all page caches", AllocatorFigures::reclaims);
        counter(registry, "leasehold.decommits", "runs given back to the kernel", AllocatorFigures::decommits);
        counter(registry, "leasehold.faults", "kernel calls that failed", AllocatorFigures::kernelFaults);
        refresh(registry);
    }

    /// {@return the tags with the first identifier that is free in a registry}
    private Tags firstFree(MeterRegistry registry) {
        String id = "leasehold-" + allocator.name();
        Tags free = Tags.of("id", id);
        for (int i = 2; registry.find(FIRST).tags(free).meter() != null; i++) {
            free = Tags.of("id", id + "#" + i);
        }
        return free;
    }

    /// Adds the meters of size classes that hold memory by now.
    ///
    /// @param registry a registry that this object is bound to
    public synchronized void refresh(MeterRegistry registry) {
        tags = tagsIn.computeIfAbsent(registry, this::firstFree);
        AllocatorFigures figures = allocator.figures();
        figures.direct().forEach(c -> sizeClass(registry, "direct", c.byteSize(), AllocatorFigures::direct));
        figures.onHeap().forEach(c -> sizeClass(registry, "heap", c.byteSize(), AllocatorFigures::onHeap));
    }

    private static double resident(ObservedAllocator allocator) {
        long bytes = allocator.residentBytes();
        return bytes < 0 ? Double.NaN : bytes;
    }

    private void pool(MeterRegistry registry, String name, String unit, ToLongFunction<AllocatorFigures> value) {
        add(
                registry,
                Gauge.builder(name, allocator, from -> value.applyAsLong(from.figures()))
                        .tags(tags)
                        .baseUnit(unit)
                        .register(registry));
    }

    private void memory(MeterRegistry registry, String state, ToLongFunction<AllocatorFigures> value) {
        add(
                registry,
                Gauge.builder("leasehold.memory", allocator, from -> value.applyAsLong(from.figures()))
                        .tags(tags.and("state", state))
                        .baseUnit(BaseUnits.BYTES)
                        .register(registry));
    }

    private void counter(
            MeterRegistry registry, String name, String description, ToLongFunction<AllocatorFigures> value) {
        add(
                registry,
                FunctionCounter.builder(name, allocator, from -> value.applyAsLong(from.figures()))
                        .tags(tags)
                        .description(description)
                        .register(registry));
    }

    private void sizeClass(
            MeterRegistry registry,
            String area,
            int byteSize,
            Function<AllocatorFigures, List<SizeClassFigures>> classes) {
        Tags ofClass = tags.and("area", area, "size", Integer.toString(byteSize));
        if (registry.find("leasehold.buffers").tags(ofClass).meter() == null) {
            add(
                    registry,
                    Gauge.builder("leasehold.buffers", allocator, from -> live(classes.apply(from.figures()), byteSize))
                            .tags(ofClass)
                            .baseUnit(BaseUnits.BUFFERS)
                            .register(registry));
        }
    }

    private static double live(List<SizeClassFigures> classes, int byteSize) {
        return classes.stream()
                .filter(c -> c.byteSize() == byteSize)
                .mapToLong(SizeClassFigures::liveBlocks)
                .sum();
    }

    private void add(MeterRegistry registry, Meter meter) {
        bound.add(new Bound(registry, meter));
    }

    /// Removes the meters from all registries. Closing twice has no effect.
    @Override
    public synchronized void close() {
        bound.forEach(one -> one.registry.remove(one.meter));
        bound.clear();
        tagsIn.clear();
    }
}
