package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.otel.LeaseholdInstruments;
import io.netty.buffer.ByteBuf;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaseholdInstrumentsTest {

    private final MetricCollector collector = new MetricCollector();
    private final SdkMeterProvider provider =
            SdkMeterProvider.builder().registerMetricReader(collector).build();
    private final LeasedByteBufAllocator allocator =
            LeasedByteBufAllocator.builder().name("told").byteLimit(16L << 20).build();

    @AfterEach
    void close() {
        provider.close();
        allocator.close();
    }

    @Test
    void aCollectionHasThePoolAndTheStates() {
        ByteBuf buf = allocator.directBuffer(4096);
        ByteBuf onHeap = allocator.heapBuffer(1000);
        LeaseholdInstruments instruments = LeaseholdInstruments.register(allocator, provider.get("test"));
        String pool = "{jvm.buffer.pool.name=leasehold-told}";
        assertThat(collector.values())
                .containsEntry("jvm.buffer.count" + pool, 1L)
                .containsEntry("jvm.buffer.memory.limit" + pool, 4096L)
                .containsEntry(
                        "jvm.buffer.memory.used" + pool, allocator.metric().committedBytes())
                .containsEntry("leasehold.refusals" + pool, 0L)
                .containsEntry("leasehold.faults" + pool, 0L)
                .containsEntry(
                        "leasehold.memory{jvm.buffer.pool.name=leasehold-told, leasehold.state=limit}", 16L << 20)
                .containsEntry(
                        "leasehold.memory{jvm.buffer.pool.name=leasehold-told, leasehold.state=pinned}", 4096L + 1024)
                .containsEntry(
                        "leasehold.buffers{jvm.buffer.pool.name=leasehold-told, leasehold.area=direct,"
                                + " leasehold.size=4096}",
                        1L)
                .containsEntry(
                        "leasehold.buffers{jvm.buffer.pool.name=leasehold-told, leasehold.area=heap,"
                                + " leasehold.size=1024}",
                        1L);
        buf.release();
        onHeap.release();
        assertThat(collector.values()).containsEntry("jvm.buffer.count" + pool, 0L);
        instruments.close();
        assertThat(collector.values()).isEmpty();
    }

    @Test
    void everyFigureHasItsInstrument() {
        try (LeaseholdInstruments _ = LeaseholdInstruments.register(
                new FixedAllocator(
                        "told",
                        new AllocatorFigures(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, List.of(), List.of())),
                provider.get("test"))) {
            String pool = "{jvm.buffer.pool.name=leasehold-told}";
            String memory = "leasehold.memory{jvm.buffer.pool.name=leasehold-told, leasehold.state=";
            assertThat(collector.values())
                    .containsOnly(
                            Map.entry("jvm.buffer.count" + pool, 9L),
                            Map.entry("jvm.buffer.memory.limit" + pool, 8L),
                            Map.entry("jvm.buffer.memory.used" + pool, 3L),
                            Map.entry(memory + "limit}", 1L),
                            Map.entry(memory + "reserved}", 2L),
                            Map.entry(memory + "committed}", 3L),
                            Map.entry(memory + "resident}", 3L),
                            Map.entry(memory + "direct}", 4L),
                            Map.entry(memory + "heap}", 5L),
                            Map.entry(memory + "pinned}", 6L),
                            Map.entry(memory + "cached}", 10L),
                            Map.entry("leasehold.refusals" + pool, 11L),
                            Map.entry("leasehold.reclaims" + pool, 12L),
                            Map.entry("leasehold.decommits" + pool, 13L),
                            Map.entry("leasehold.faults" + pool, 14L));
        }
    }

    @Test
    void allocatorsWithOneNameHaveAttributesOfTheirOwn() {
        ByteBuf buf = allocator.directBuffer(4096);
        LeaseholdInstruments first = LeaseholdInstruments.register(allocator, provider.get("test"));
        try (LeasedByteBufAllocator twin = LeasedByteBufAllocator.builder()
                        .name("told")
                        .byteLimit(16L << 20)
                        .build();
                LeaseholdInstruments _ = LeaseholdInstruments.register(twin, provider.get("test"))) {
            assertThat(collector.values())
                    .containsEntry("jvm.buffer.count{jvm.buffer.pool.name=leasehold-told}", 1L)
                    .containsEntry("jvm.buffer.count{jvm.buffer.pool.name=leasehold-told#2}", 0L);
            first.close();
            first.close();
            try (LeaseholdInstruments _ = LeaseholdInstruments.register(allocator, provider.get("test"))) {
                assertThat(collector.values())
                        .as("a name that is free again")
                        .containsEntry("jvm.buffer.count{jvm.buffer.pool.name=leasehold-told}", 1L)
                        .containsEntry("jvm.buffer.count{jvm.buffer.pool.name=leasehold-told#2}", 0L);
            }
        }
        buf.release();
    }
}
