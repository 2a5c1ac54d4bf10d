package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.otel.LeaseholdInstruments;
import io.netty.buffer.ByteBuf;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
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
}
