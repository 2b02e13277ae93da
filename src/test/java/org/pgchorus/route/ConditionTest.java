package org.pgchorus.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class ConditionTest {
    private static final Condition.Look GOOD =
            new Condition.Look("", new Judgement.Writable(), true);

    private static final Condition.Look READ_ONLY =
            new Condition.Look("", new Judgement.NotWritable(List.of("read-only")), true);

    private static final Condition.Look SILENT =
            new Condition.Look("refused", new Judgement.Unknown("refused"), true);

    private static final Condition.Look NO_ANSWER =
            new Condition.Look("", new Judgement.Unknown("no daemon"), true);

    private static final Condition.Look NO_DAEMON =
            new Condition.Look("", new Judgement.Unknown("no daemon"), false);

    private static NodeState after(Condition.Look... looks) {
        Condition condition = Condition.NOT_LOOKED_AT;
        for (Condition.Look look : looks) {
            condition = condition.next(look);
        }
        return condition.state();
    }

    @Test
    void theFirstLookOpens() {
        assertThat(after(GOOD)).isEqualTo(NodeState.OPEN);
        assertThat(after(READ_ONLY)).isEqualTo(NodeState.CLOSED);
        assertThat(after(NO_DAEMON)).isEqualTo(NodeState.CLOSED);
    }

    @Test
    void aJudgementAgainstItClosesAtOnceAndCutsNothing() {
        assertThat(after(GOOD, READ_ONLY)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, READ_ONLY, READ_ONLY, READ_ONLY)).isEqualTo(NodeState.CLOSED);
    }

    @Test
    void silenceClosesAtOnceAndIsDownTheSecondTime() {
        assertThat(after(GOOD, SILENT)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, SILENT, SILENT)).isEqualTo(NodeState.DOWN);
        assertThat(after(READ_ONLY, SILENT)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, SILENT, GOOD, SILENT)).isEqualTo(NodeState.CLOSED);
    }

    @Test
    void itOpensAgainAfterTwoGoodLooksInARow() {
        assertThat(after(GOOD, SILENT, GOOD)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, SILENT, GOOD, GOOD)).isEqualTo(NodeState.OPEN);
        assertThat(after(GOOD, SILENT, SILENT, GOOD)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, SILENT, SILENT, GOOD, READ_ONLY, GOOD)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, READ_ONLY, GOOD, GOOD)).isEqualTo(NodeState.OPEN);
    }

    @Test
    void aDaemonThatIsGoneClosesItsNodeUnlessAllAreGone() {
        assertThat(after(GOOD, NO_ANSWER)).isEqualTo(NodeState.OPEN);
        assertThat(after(GOOD, NO_ANSWER, NO_ANSWER)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, NO_DAEMON, NO_DAEMON, NO_DAEMON)).isEqualTo(NodeState.OPEN);
        assertThat(after(READ_ONLY, NO_DAEMON)).isEqualTo(NodeState.CLOSED);
        assertThat(after(GOOD, NO_DAEMON, SILENT, SILENT)).isEqualTo(NodeState.DOWN);
    }

    @Test
    void aSuspectHasToBeLookedAt() {
        Condition open = Condition.NOT_LOOKED_AT.next(GOOD);
        assertThat(open.suspected("refused").state()).isEqualTo(NodeState.CLOSED);
        assertThat(open.suspected("refused").next(GOOD).state()).isEqualTo(NodeState.CLOSED);
        assertThat(open.suspected("refused").next(GOOD).next(GOOD).state())
                .isEqualTo(NodeState.OPEN);
    }
}
