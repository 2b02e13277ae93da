package org.pgchorus.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.NodeName;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is called a difference, and what may still be on its way. */
class DifferTest {
    private static final NodeName A = new NodeName("a");
    private static final NodeName B = new NodeName("b");
    private static final Set<NodeName> BOTH = Set.of(A, B);
    private static final RowKey KEY = new RowKey(List.of("1"));
    private static final RowVersion OLD = new RowVersion("old", "10");
    private static final RowVersion NEW = new RowVersion("new", "20");

    private static Suspect suspect(Map<NodeName, RowVersion> seen) {
        return new Suspect(KEY, seen);
    }

    private static Ruling rule(
            Map<NodeName, RowVersion> before, Map<NodeName, RowVersion> again, boolean keyed) {
        return Differ.rule(suspect(before), again, BOTH, keyed);
    }

    @Test
    void onlyRowsThatAreNotTheSameEverywhereAreSuspects() {
        RowKey other = new RowKey(List.of("2"));
        RowKey third = new RowKey(List.of("3"));
        RowVersion elsewhere = new RowVersion("old", "99");
        assertThat(
                        Differ.suspects(
                                Map.of(
                                        A, Map.of(KEY, OLD, other, OLD, third, OLD),
                                        B, Map.of(KEY, elsewhere, other, NEW))))
                .extracting(Suspect::key)
                .containsExactlyInAnyOrder(other, third);
    }

    @Test
    void whatIsEqualByNowIsCleared() {
        assertThat(rule(Map.of(A, OLD, B, NEW), Map.of(A, NEW, B, NEW), true))
                .isEqualTo(new Ruling.Cleared());
        assertThat(rule(Map.of(A, OLD), Map.of(), true)).isEqualTo(new Ruling.Cleared());
    }

    @Test
    void twoVersionsThatStoodThroughAFenceDiffer() {
        assertThat(rule(Map.of(A, OLD, B, NEW), Map.of(A, OLD, B, NEW), true))
                .isEqualTo(new Ruling.Confirmed());
    }

    @Test
    void aRowThatWasChangedAndChangedBackIsLookedAtAgain() {
        Map<NodeName, RowVersion> again = Map.of(A, new RowVersion("old", "30"), B, NEW);
        assertThat(rule(Map.of(A, OLD, B, NEW), again, true))
                .isEqualTo(new Ruling.Again(new Suspect(KEY, again, 0)));
    }

    @Test
    void aRowThatIsMissingTakesTwoFences() {
        Map<NodeName, RowVersion> seen = Map.of(A, OLD);
        Ruling first = rule(seen, seen, true);
        assertThat(first).isEqualTo(new Ruling.Again(new Suspect(KEY, seen, 1)));
        assertThat(Differ.rule(((Ruling.Again) first).suspect(), seen, BOTH, true))
                .isEqualTo(new Ruling.Confirmed());
    }

    @Test
    void aChangeInBetweenBeginsAnew() {
        Suspect stood = new Suspect(KEY, Map.of(A, OLD), 1);
        Map<NodeName, RowVersion> again = Map.of(A, NEW);
        assertThat(Differ.rule(stood, again, BOTH, true))
                .isEqualTo(new Ruling.Again(new Suspect(KEY, again, 0)));
    }

    @Test
    void countsTakeTwoFencesToo() {
        Map<NodeName, RowVersion> counts =
                Map.of(A, new RowVersion("2", "30"), B, new RowVersion("3", "60"));
        assertThat(rule(counts, counts, false)).isInstanceOf(Ruling.Again.class);
        assertThat(Differ.rule(new Suspect(KEY, counts, 1), counts, BOTH, false))
                .isEqualTo(new Ruling.Confirmed());
    }

    @Test
    void partsOfACountAddUp() {
        assertThat(new RowVersion("2", "30").plus(new RowVersion("3", "12")))
                .isEqualTo(new RowVersion("5", "42"));
    }

    @Test
    void rowsThatShouldBeOneAreToldInAnyOrder() {
        assertThat(OLD.and(NEW)).isEqualTo(NEW.and(OLD)).isNotEqualTo(OLD).isNotEqualTo(NEW);
    }
}
