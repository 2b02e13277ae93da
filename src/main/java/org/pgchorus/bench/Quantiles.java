package org.pgchorus.bench;

import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How long things took, in milliseconds: half of them at most {@code p50}, and so on. Pure.
 *
 * @param count how many things
 */
public record Quantiles(long count, double p50, double p95, double p99, double max) {
    /**
     * Of delays in microseconds.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Quantiles ofMicros(List<Long> micros) {
        if (micros.isEmpty()) {
            throw new IllegalArgumentException("no delays");
        }
        List<Long> sorted = micros.stream().sorted().toList();
        return new Quantiles(
                sorted.size(),
                at(sorted, 0.50),
                at(sorted, 0.95),
                at(sorted, 0.99),
                sorted.getLast() / 1e3);
    }

    /** The smallest that so many are not above. */
    private static double at(List<Long> sorted, double part) {
        int count = (int) Math.ceil(part * sorted.size());
        return sorted.get(Math.max(count, 1) - 1) / 1e3;
    }

    /** The median of every column by itself, over some rounds. */
    static Quantiles median(List<Quantiles> rounds) {
        return new Quantiles(
                rounds.stream().mapToLong(Quantiles::count).sum(),
                median(rounds, Quantiles::p50),
                median(rounds, Quantiles::p95),
                median(rounds, Quantiles::p99),
                median(rounds, Quantiles::max));
    }

    private static double median(List<Quantiles> rounds, ToDoubleFunction<Quantiles> column) {
        List<Double> sorted =
                rounds.stream()
                        .map(column::applyAsDouble)
                        .sorted(Comparator.naturalOrder())
                        .toList();
        return sorted.get((sorted.size() - 1) / 2);
    }
}
