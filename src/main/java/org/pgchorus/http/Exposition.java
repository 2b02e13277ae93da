package org.pgchorus.http;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

import org.pgchorus.model.Took;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes all metrics as Prometheus reads them; in its text form, or OpenMetrics if asked. Pure. */
final class Exposition {
    private static final int OK = 200;
    private static final ExpositionFormatWriter TEXT = PrometheusTextFormatWriter.builder().build();
    private static final ExpositionFormatWriter OPEN_METRICS =
            OpenMetricsTextFormatWriter.builder().build();

    private Exposition() {}

    /**
     * @param accepted the header, empty if there was none
     */
    static Reply.Document of(View view, String accepted) {
        ExpositionFormatWriter writer = OPEN_METRICS.accepts(accepted) ? OPEN_METRICS : TEXT;
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            writer.write(body, snapshots(view));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write metrics into memory", e);
        }
        return new Reply.Document(OK, writer.getContentType(), body.toByteArray());
    }

    private static MetricSnapshots snapshots(View view) {
        return new MetricSnapshots(
                Arrays.stream(Metric.values())
                        .map(metric -> snapshot(metric, metric.samples(view)))
                        .toList());
    }

    private static MetricSnapshot snapshot(Metric metric, List<Metric.Sample> samples) {
        MetricMetadata what = new MetricMetadata(metric.baseName(), metric.meaning());
        return switch (metric.type()) {
            case GAUGE ->
                    new GaugeSnapshot(
                            what,
                            samples.stream()
                                    .map(sample ->
                                            new GaugeSnapshot.GaugeDataPointSnapshot(
                                                    sample.value(), labels(metric, sample), null))
                                    .toList());
            case COUNTER ->
                    new CounterSnapshot(
                            what,
                            samples.stream()
                                    .map(sample ->
                                            new CounterSnapshot.CounterDataPointSnapshot(
                                                    sample.value(),
                                                    labels(metric, sample),
                                                    null,
                                                    0))
                                    .toList());
            case HISTOGRAM ->
                    new HistogramSnapshot(
                            what,
                            samples.stream()
                                    .map(sample ->
                                            new HistogramSnapshot.HistogramDataPointSnapshot(
                                                    buckets(sample.took().orElseThrow()),
                                                    sample.value(),
                                                    labels(metric, sample),
                                                    null,
                                                    0))
                                    .toList());
        };
    }

    private static ClassicHistogramBuckets buckets(Took took) {
        List<Double> bounds = new ArrayList<>(Took.BOUNDS);
        bounds.add(Double.POSITIVE_INFINITY);
        return ClassicHistogramBuckets.of(bounds, took.counts());
    }

    private static Labels labels(Metric metric, Metric.Sample sample) {
        return Labels.of(
                metric.labels().toArray(String[]::new), sample.labels().toArray(String[]::new));
    }
}
