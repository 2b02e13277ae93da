package org.pgchorus.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

/** Ranges that are divided leave no key out, and have none twice. */
class KeyRangeTest {
    private static RowKey key(String text) {
        return new RowKey(List.of(text));
    }

    @Test
    void partsTouchEachOtherAndAreOpenAtTheEnds() {
        assertThat(KeyRange.ALL.cut(List.of(key("b"), key("d"))))
                .containsExactly(
                        new KeyRange(Optional.empty(), Optional.of(key("b"))),
                        new KeyRange(Optional.of(key("b")), Optional.of(key("d"))),
                        new KeyRange(Optional.of(key("d")), Optional.empty()));
    }

    @Test
    void aBoundThatBeginsTheRangeCutsNothingOff() {
        KeyRange range = new KeyRange(Optional.of(key("b")), Optional.of(key("z")));
        assertThat(range.cut(List.of(key("b")))).containsExactly(range);
        assertThat(range.cut(List.of())).containsExactly(range);
    }

    @Test
    void parametersAreTheBoundsInOrder() {
        KeyRange range =
                new KeyRange(
                        Optional.of(new RowKey(List.of("1", "x"))),
                        Optional.of(new RowKey(List.of("2", "y"))));
        assertThat(range.parameters(7)).containsExactly("1", "x", "2", "y", 7);
        assertThat(KeyRange.ALL.parameters()).isEmpty();
    }

    @Test
    void sizesFollowTheTimeTheyTake() {
        RangeSize size = RangeSize.ofRows();
        long first = size.get();
        size.took(first, 1_000);
        assertThat(size.get()).isEqualTo(first * 2);
        size.took(size.get(), 1_000_000_000);
        assertThat(size.get()).isEqualTo(first);
        for (int i = 0; i < 100; i++) {
            size.took(0, 1);
        }
        long least = size.get();
        assertThat(size.halve()).isFalse();
        assertThat(size.get()).isEqualTo(least).isPositive();
    }
}
