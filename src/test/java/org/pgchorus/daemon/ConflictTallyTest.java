package org.pgchorus.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Each conflict is counted once, in whatever order they are seen. */
class ConflictTallyTest {
    private static final Sight.Kind KIND = new Sight.Kind("insert_exists", "keep_local");
    private static final Sight.Kind OTHER = new Sight.Kind("update_missing", "apply_remote");

    private static long count(ConflictTally tally, Sight.Kind kind) {
        return tally.counts().getOrDefault(kind, 0L);
    }

    @Test
    void whatWasThereBeforeIsNotCounted() {
        ConflictTally tally = new ConflictTally(100);
        tally.take(99, KIND);
        tally.take(100, KIND);
        assertThat(tally.counts()).isEmpty();
        assertThat(tally.after()).isEqualTo(100);
    }

    @Test
    void eachCountsOnceWhenItIsCommittedLateToo() {
        ConflictTally tally = new ConflictTally(0);
        tally.take(1, KIND);
        tally.take(3, KIND);
        assertThat(tally.after()).isZero();
        tally.take(1, KIND);
        tally.take(2, OTHER);
        tally.take(3, KIND);
        assertThat(count(tally, KIND)).isEqualTo(2);
        assertThat(count(tally, OTHER)).isEqualTo(1);
    }

    @Test
    void itRemembersNoMoreThanItsWindow() {
        ConflictTally tally = new ConflictTally(0);
        for (long number = 1; number <= 10_000; number++) {
            tally.take(number, KIND);
        }
        assertThat(tally.after()).isEqualTo(10_000 - ConflictTally.WINDOW);
        for (long number = tally.after() + 1; number <= 10_000; number++) {
            tally.take(number, KIND);
        }
        assertThat(count(tally, KIND)).isEqualTo(10_000);
    }
}
