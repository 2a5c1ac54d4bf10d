package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.micrometer.LeaseholdMetrics;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.netty4.NettyAllocatorMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaseholdMetricsTest {

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
            .name("metered")
            .byteLimit(16L << 20)
            .build();

    @AfterEach
    void close() {
        allocator.close();
    }

    private double gauge(String name, String... tags) {
        return registry.get(name)
                .tags("id", "leasehold-metered")
                .tags(tags)
                .gauge()
                .value();
    }

    @Test
    void theAllocatorIsOneMoreBufferPool() {
        new JvmMemoryMetrics().bindTo(registry);
        ByteBuf buf = allocator.directBuffer(4096);
        try (LeaseholdMetrics metrics = new LeaseholdMetrics(allocator)) {
            metrics.bindTo(registry);
            assertThat(gauge("jvm.buffer.count")).isEqualTo(1);
            assertThat(gauge("jvm.buffer.total.capacity")).isEqualTo(4096);
            assertThat(gauge("jvm.buffer.memory.used"))
                    .isEqualTo((double) allocator.metric().committedBytes());
            Set<String> ids = registry.find("jvm.buffer.count").gauges().stream()
                    .map(found -> found.getId().getTag("id"))
                    .collect(Collectors.toSet());
            assertThat(ids).contains("direct", "leasehold-metered");
            buf.release();
            assertThat(gauge("jvm.buffer.count")).isZero();
        }
    }

    @Test
    void allocatorsWithOneNameHaveMetersOfTheirOwn() {
        ByteBuf buf = allocator.directBuffer(4096);
        try (LeasedByteBufAllocator twin = LeasedByteBufAllocator.builder()
                        .name("metered")
                        .byteLimit(16L << 20)
                        .build();
                LeaseholdMetrics first = new LeaseholdMetrics(allocator)) {
            first.bindTo(registry);
            int meters = registry.getMeters().size();
            try (LeaseholdMetrics second = new LeaseholdMetrics(twin)) {
                second.bindTo(registry);
                ByteBuf other = twin.directBuffer(100);
                second.refresh(registry);
                assertThat(gauge("jvm.buffer.count")).isEqualTo(1);
                assertThat(registry.get("jvm.buffer.total.capacity")
                                .tags("id", "leasehold-metered#2")
                                .gauge()
                                .value())
                        .isEqualTo(112);
                other.release();
            }
            assertThat(registry.getMeters()).as("those of the first stay").hasSize(meters);
            buf.release();
        }
    }

    @Test
    void memoryIsShownByStateAndBySize() {
        ByteBuf buf = allocator.directBuffer(4096);
        ByteBuf onHeap = allocator.heapBuffer(1000);
        LeaseholdMetrics metrics = new LeaseholdMetrics(allocator);
        metrics.bindTo(registry);
        assertThat(gauge("leasehold.memory", "state", "limit")).isEqualTo(16 << 20);
        assertThat(gauge("leasehold.memory", "state", "reserved")).isGreaterThanOrEqualTo(16 << 20);
        assertThat(gauge("leasehold.memory", "state", "pinned")).isEqualTo(4096 + 1024);
        assertThat(gauge("leasehold.memory", "state", "direct"))
                .isEqualTo((double) allocator.metric().usedDirectMemory());
        assertThat(gauge("leasehold.memory", "state", "heap"))
                .isEqualTo((double) allocator.metric().usedHeapMemory());
        assertThat(gauge("leasehold.memory", "state", "committed"))
                .isEqualTo((double) allocator.metric().committedBytes());
        assertThat(gauge("leasehold.memory", "state", "cached"))
                .isEqualTo((double) allocator.metric().cachedBytes());
        double resident = gauge("leasehold.memory", "state", "resident");
        assertThat(Double.isNaN(resident) || resident >= 0).isTrue();
        assertThat(gauge("leasehold.buffers", "area", "direct", "size", "4096")).isEqualTo(1);
        assertThat(gauge("leasehold.buffers", "area", "heap", "size", "1024")).isEqualTo(1);

        ByteBuf larger = allocator.directBuffer(65536);
        metrics.refresh(registry);
        metrics.refresh(registry);
        assertThat(gauge("leasehold.buffers", "area", "direct", "size", "65536"))
                .isEqualTo(1);
        for (ByteBuf each : new ByteBuf[] {buf, onHeap, larger}) {
            each.release();
        }
        allocator.trim();
        assertThat(gauge("leasehold.buffers", "area", "direct", "size", "65536"))
                .isZero();
        metrics.close();
        metrics.close();
        assertThat(registry.getMeters()).isEmpty();
    }

    /// A registry reads all of its meters for each scrape. What the first scrape adds is in the second one.
    @Test
    void aSizeClassThatIsNewGetsItsMeterFromAScrape() {
        try (LeaseholdMetrics metrics = new LeaseholdMetrics(allocator)) {
            metrics.bindTo(registry);
            assertThat(registry.find("leasehold.buffers").gauges()).isEmpty();
            ByteBuf direct = allocator.directBuffer(65536);
            ByteBuf onHeap = allocator.heapBuffer(1000);
            int meters = registry.getMeters().size();

            registry.getMeters().forEach(meter -> meter.measure().forEach(measured -> measured.getValue()));

            assertThat(registry.getMeters()).hasSize(meters + 2);
            assertThat(gauge("leasehold.buffers", "area", "direct", "size", "65536"))
                    .isEqualTo(1);
            assertThat(gauge("leasehold.buffers", "area", "heap", "size", "1024"))
                    .isEqualTo(1);
            direct.release();
            onHeap.release();
        }
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void aReadAfterCloseAndARefreshOfAnotherRegistryAddNothing() {
        LeaseholdMetrics metrics = new LeaseholdMetrics(allocator);
        metrics.bindTo(registry);
        List<Meter> before = List.copyOf(registry.getMeters());
        metrics.close();
        ByteBuf buf = allocator.directBuffer(4096);

        before.forEach(meter -> meter.measure().forEach(measured -> measured.getValue()));
        metrics.refresh(registry);

        assertThat(registry.getMeters()).isEmpty();
        buf.release();
    }

    @Test
    void countersCount() {
        new LeaseholdMetrics(new FixedAllocator(
                        "metered",
                        new AllocatorFigures(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, List.of(), List.of())))
                .bindTo(registry);
        assertThat(registry.get("leasehold.refusals").functionCounter().count()).isEqualTo(11);
        assertThat(registry.get("leasehold.reclaims").functionCounter().count()).isEqualTo(12);
        assertThat(registry.get("leasehold.decommits").functionCounter().count())
                .isEqualTo(13);
        assertThat(registry.get("leasehold.faults").functionCounter().count()).isEqualTo(14);
    }

    @Test
    void micrometersOwnBinderForNettyAcceptsTheAllocator() {
        ByteBuf buf = allocator.directBuffer(4096);
        new NettyAllocatorMetrics(allocator).bindTo(registry);
        assertThat(registry.get("netty.allocator.memory.used")
                        .tags("memory.type", "direct", "allocator.type", "LeasedByteBufAllocator")
                        .gauge()
                        .value())
                .isEqualTo((double) allocator.metric().usedDirectMemory());
        buf.release();
    }

    @Test
    void aClosedAllocatorIsShownWithZeroes() {
        LeaseholdMetrics metrics = new LeaseholdMetrics(allocator);
        metrics.bindTo(registry);
        allocator.close();
        assertThat(gauge("jvm.buffer.memory.used")).isZero();
        assertThat(gauge("leasehold.memory", "state", "resident")).isZero();
    }
}
