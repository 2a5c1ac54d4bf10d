package io.leasehold.readme;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.micrometer.LeaseholdMetrics;
import io.leasehold.observe.otel.LeaseholdInstruments;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.metrics.Meter;

/// The README's example of meters.
final class MetersExample {

    private MetersExample() {}

    static void bind(LeasedByteBufAllocator allocator, MeterRegistry registry, Meter meter) {
        LeaseholdMetrics meters = new LeaseholdMetrics(allocator);
        meters.bindTo(registry); // Micrometer
        LeaseholdInstruments instruments = LeaseholdInstruments.register(allocator, meter); // OpenTelemetry
        meters.close();
        instruments.close();
    }
}
