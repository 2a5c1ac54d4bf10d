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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
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
/// [AllocatorFigures]. A size class gets a meter once it holds memory: when the registry is bound, when a gauge of the
/// pool or of the memory is read, or when [#refresh] is called. A class that is new is in the scrape after that.
///
/// **Ownership.** The registry refers to the allocator until [#close], which the caller calls before it closes the
/// allocator. Meters of a closed allocator are 0.
///
/// **Threads.** Thread-safe.
public final class LeaseholdMetrics implements MeterBinder, AutoCloseable {

    private static final String FIRST = "jvm.buffer.count";

    private final ObservedAllocator allocator; // (C)
    private final Map<MeterRegistry, Binding> bindings = new HashMap<>(); // (L) this

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
        bindings.computeIfAbsent(registry, r -> new Binding(r)).bind(allocator);
    }

    /// Adds the meters of size classes that hold memory by now. Has no effect on a registry that this object is not
    /// bound to.
    ///
    /// @param registry a registry that this object is bound to
    public synchronized void refresh(MeterRegistry registry) {
        Binding binding = bindings.get(registry);
        if (binding != null) {
            binding.refresh(allocator);
        }
    }

    /// Removes the meters from all registries. Closing twice has no effect.
    @Override
    public synchronized void close() {
        bindings.values().forEach(Binding::close);
        bindings.clear();
    }

    private static double resident(ObservedAllocator allocator) {
        long bytes = allocator.residentBytes();
        return bytes < 0 ? Double.NaN : bytes;
    }

    private static double live(List<SizeClassFigures> classes, int byteSize) {
        return classes.stream()
                .filter(c -> c.byteSize() == byteSize)
                .mapToLong(SizeClassFigures::liveBlocks)
                .sum();
    }

    /// The meters of an allocator in one registry. The registry refers to the allocator weakly, as Micrometer does.
    ///
    /// **Threads.** Thread-safe. A registry may read a gauge while it holds a lock of its own, so a read never waits
    /// for `lock`: it leaves new size classes to the next read.
    private static final class Binding {

        private record SizeClass(String area, int byteSize) {}

        private final ReentrantLock lock = new ReentrantLock(); // (C)
        private final MeterRegistry registry; // (C)
        private final List<Meter> meters = new ArrayList<>(); // (L) lock
        private final Set<SizeClass> sizeClasses = new HashSet<>(); // (L) lock
        private Tags tags = Tags.empty(); // (L) lock
        private boolean closed; // (L) lock

        Binding(MeterRegistry registry) {
            this.registry = registry;
        }

        void bind(ObservedAllocator allocator) {
            lock.lock();
            try {
                if (meters.isEmpty()) {
                    addAll(allocator);
                }
            } finally {
                lock.unlock();
            }
        }

        private void addAll(ObservedAllocator allocator) {
            synchronized (Binding.class) { // two allocators of one name must not find one identifier free
                tags = firstFree(allocator.name());
                pool(allocator, FIRST, BaseUnits.BUFFERS, AllocatorFigures::pinnedDirectBuffers);
            }
            pool(allocator, "jvm.buffer.memory.used", BaseUnits.BYTES, AllocatorFigures::committedBytes);
            pool(allocator, "jvm.buffer.total.capacity", BaseUnits.BYTES, AllocatorFigures::pinnedDirectBytes);
            memory(allocator, "limit", AllocatorFigures::limitBytes);
            memory(allocator, "reserved", AllocatorFigures::reservedBytes);
            memory(allocator, "committed", AllocatorFigures::committedBytes);
            memory(allocator, "direct", AllocatorFigures::directBytes);
            memory(allocator, "heap", AllocatorFigures::heapBytes);
            memory(allocator, "pinned", AllocatorFigures::pinnedBytes);
            memory(allocator, "cached", AllocatorFigures::cachedBytes);
            meters.add(Gauge.builder("leasehold.memory", allocator, LeaseholdMetrics::resident)
                    .tags(tags.and("state", "resident"))
                    .baseUnit(BaseUnits.BYTES)
                    .description("resident bytes of the pages of the allocator, if the kernel reports them")
                    .register(registry));
            counter(allocator, "leasehold.refusals", "reservations that a budget rejected", AllocatorFigures::refusals);
            counter(allocator, "leasehold.reclaims", "flushes of all page caches", AllocatorFigures::reclaims);
            counter(allocator, "leasehold.decommits", "runs given back to the kernel", AllocatorFigures::decommits);
            counter(allocator, "leasehold.faults", "kernel calls that failed", AllocatorFigures::kernelFaults);
            addSizeClasses(allocator, allocator.figures());
        }

        /// {@return the tags with the first identifier that is free in the registry}
        private Tags firstFree(String name) {
            String id = "leasehold-" + name;
            Tags free = Tags.of("id", id);
            for (int i = 2; registry.find(FIRST).tags(free).meter() != null; i++) {
                free = Tags.of("id", id + "#" + i);
            }
            return free;
        }

        void refresh(ObservedAllocator allocator) {
            lock.lock();
            try {
                addSizeClasses(allocator, allocator.figures());
            } finally {
                lock.unlock();
            }
        }

        /// {@return a number of the allocator, for a gauge that is read now}
        private double read(ObservedAllocator from, ToLongFunction<AllocatorFigures> value) {
            AllocatorFigures figures = from.figures();
            if (!lock.isHeldByCurrentThread() && lock.tryLock()) {
                try {
                    addSizeClasses(from, figures);
                } finally {
                    lock.unlock();
                }
            }
            return value.applyAsLong(figures);
        }

        private void addSizeClasses(ObservedAllocator allocator, AllocatorFigures figures) {
            if (!closed) {
                figures.direct().forEach(c -> sizeClass(allocator, "direct", c.byteSize(), AllocatorFigures::direct));
                figures.onHeap().forEach(c -> sizeClass(allocator, "heap", c.byteSize(), AllocatorFigures::onHeap));
            }
        }

        private void sizeClass(
                ObservedAllocator allocator,
                String area,
                int byteSize,
                Function<AllocatorFigures, List<SizeClassFigures>> classes) {
            if (sizeClasses.add(new SizeClass(area, byteSize))) {
                meters.add(Gauge.builder(
                                "leasehold.buffers", allocator, from -> live(classes.apply(from.figures()), byteSize))
                        .tags(tags.and("area", area, "size", Integer.toString(byteSize)))
                        .baseUnit(BaseUnits.BUFFERS)
                        .register(registry));
            }
        }

        private void pool(
                ObservedAllocator allocator, String name, String unit, ToLongFunction<AllocatorFigures> value) {
            meters.add(Gauge.builder(name, allocator, from -> read(from, value))
                    .tags(tags)
                    .baseUnit(unit)
                    .register(registry));
        }

        private void memory(ObservedAllocator allocator, String state, ToLongFunction<AllocatorFigures> value) {
            meters.add(Gauge.builder("leasehold.memory", allocator, from -> read(from, value))
                    .tags(tags.and("state", state))
                    .baseUnit(BaseUnits.BYTES)
                    .register(registry));
        }

        private void counter(
                ObservedAllocator allocator, String name, String description, ToLongFunction<AllocatorFigures> value) {
            meters.add(FunctionCounter.builder(name, allocator, from -> value.applyAsLong(from.figures()))
                    .tags(tags)
                    .description(description)
                    .register(registry));
        }

        void close() {
            lock.lock();
            try {
                closed = true;
                meters.forEach(registry::remove);
                meters.clear();
            } finally {
                lock.unlock();
            }
        }
    }
}
