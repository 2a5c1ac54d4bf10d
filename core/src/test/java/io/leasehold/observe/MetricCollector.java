package io.leasehold.observe;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/// Collects the metrics of OpenTelemetry on request.
final class MetricCollector implements MetricReader {

    private CollectionRegistration registration = CollectionRegistration.noop();

    @Override
    public void register(CollectionRegistration newRegistration) {
        registration = newRegistration;
    }

    /// {@return the values by the name of the metric and its attributes}
    Map<String, Long> values() {
        Map<String, Long> values = new TreeMap<>();
        Collection<MetricData> all = registration.collectAllMetrics();
        for (MetricData metric : all) {
            Collection<LongPointData> points =
                    metric.getLongSumData().getPoints().isEmpty()
                            ? metric.getLongGaugeData().getPoints()
                            : metric.getLongSumData().getPoints();
            for (LongPointData point : points) {
                Map<String, Object> attributes = new TreeMap<>();
                point.getAttributes().forEach((key, value) -> attributes.put(key.getKey(), value));
                values.put(metric.getName() + attributes, point.getValue());
            }
        }
        return values;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
        return AggregationTemporality.CUMULATIVE;
    }
}
