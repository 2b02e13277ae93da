package org.pgchorus.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

class QuantilesTest {
    @Test
    void soManyAreNotAbove() {
        List<Long> micros = LongStream.rangeClosed(1, 1000).boxed().toList();
        assertThat(Quantiles.ofMicros(micros)).isEqualTo(new Quantiles(1000, 0.5, 0.95, 0.99, 1.0));
    }

    @Test
    void orderMakesNoDifference() {
        List<Long> micros = new java.util.ArrayList<>(LongStream.range(0, 77).boxed().toList());
        Quantiles before = Quantiles.ofMicros(micros);
        Collections.shuffle(micros, new Random(7));
        assertThat(Quantiles.ofMicros(micros)).isEqualTo(before);
    }

    @Test
    void oneIsAllOfThem() {
        assertThat(Quantiles.ofMicros(List.of(250L)))
                .isEqualTo(new Quantiles(1, 0.25, 0.25, 0.25, 0.25));
        assertThatThrownBy(() -> Quantiles.ofMicros(List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyColumnHasItsOwnMedian() {
        assertThat(
                        Quantiles.median(
                                List.of(
                                        new Quantiles(1, 1, 9, 3, 4),
                                        new Quantiles(1, 2, 8, 1, 6),
                                        new Quantiles(1, 3, 7, 2, 5))))
                .isEqualTo(new Quantiles(3, 2, 8, 2, 5));
    }
}
