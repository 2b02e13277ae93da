package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** "Applied up to t" means merged up to t. */
class AppliedTest {
    private final Applied applied = new Applied();

    @Test
    void whatIsSaidStaysBelowWhatIsHeldHoweverFarTheLinkGoes() {
        applied.reached(1, 100, true);
        applied.reached(2, 100, true);
        applied.holds(1, Applied.Held.NOTHING.plus(120, 10).plus(110, 10));
        assertThat(applied.snapshot()).containsEntry(1, 100L);
        applied.reached(1, 200, true);
        applied.reached(2, 200, true);
        assertThat(applied.snapshot()).containsEntry(1, 109L).containsEntry(2, 200L);
        assertThat(applied.position(1)).isEqualTo(200);
        applied.holds(1, Applied.Held.NOTHING);
        assertThat(applied.snapshot()).containsEntry(1, 200L);
    }

    @Test
    void aLinksOwnTableIsAsFarAsItsStreamForThatTable() {
        applied.reached(1, 200, true);
        applied.reached(2, 200, true);
        applied.holds(1, Applied.Held.NOTHING.plus(110, 10));
        applied.holds(2, Applied.Held.NOTHING.plus(150, 10));
        assertThat(applied.snapshot(1, 200)).containsEntry(1, 200L).containsEntry(2, 149L);
        assertThat(applied.snapshot(1, 105)).containsEntry(1, 105L);
    }

    @Test
    void theNodesLimitCountsAllItsLinks() {
        applied.holds(1, Applied.Held.NOTHING.plus(110, 10));
        applied.holds(2, Applied.Held.NOTHING.plus(50, 20).plus(60, 5));
        assertThat(applied.held()).isEqualTo(new Applied.Held(50, 3, 35));
    }
}
