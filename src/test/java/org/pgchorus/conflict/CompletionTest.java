package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What becomes of a row that came (to node 2, from node 1) without its large unchanged value. */
class CompletionTest {
    private static final int WRITER = 1;
    private static final int HERE = 2;
    private static final int THIRD = 3;
    private static final long SECOND = 1_000_000;
    private static final Stamp BEFORE = new Stamp(40 * SECOND, WRITER);
    private static final Stamp INCOMING = new Stamp(50 * SECOND, WRITER);
    private static final Stamp LATER = new Stamp(60 * SECOND, THIRD);
    private static final Row OLD = Row.ofTexts(List.of("a", "large"));
    private static final Row OTHER = Row.ofTexts(List.of("x", "another"));
    private static final Row PART =
            new Row(new byte[] {'b'}, new int[2], new int[] {1, -2}, new boolean[2]);
    private static final Row WHOLE = Row.ofTexts(List.of("b", "large"));
    private static final Standing ABSENT = new Standing.Absent();
    private static final Sight TWO_NODES =
            new Sight(WRITER, HERE, Map.of(), Map.of(WRITER, 45 * SECOND));

    @Test
    void aMovedRowIsCompletedFromTheProvenRowUnderTheOldKey() {
        assertThat(moved(row(OLD, BEFORE), TWO_NODES)).contains(WHOLE);
        assertThat(moved(row(OLD, Stamp.UNKNOWN), TWO_NODES)).contains(WHOLE);
    }

    @Test
    void aMovedRowIsNotCompletedFromARowThatIsNotProven() {
        assertThat(moved(ABSENT, TWO_NODES)).isEmpty();
        assertThat(moved(new Standing.Deleted(BEFORE), TWO_NODES)).isEmpty();
        assertThat(moved(row(OTHER, new Stamp(40 * SECOND, HERE)), TWO_NODES)).isEmpty();
        assertThat(moved(row(OTHER, new Stamp(60 * SECOND, WRITER)), TWO_NODES)).isEmpty();
        Sight thirdLags = new Sight(WRITER, HERE, Map.of(), Map.of(THIRD, 50 * SECOND));
        assertThat(moved(row(OTHER, BEFORE), thirdLags)).isEmpty();
    }

    /** It may be what stands there after the transaction: another row that was moved there. */
    @Test
    void aMovedRowIsNotCompletedFromARowOfTheSameTransaction() {
        assertThat(moved(row(OTHER, INCOMING), TWO_NODES)).isEmpty();
    }

    @Test
    void theRowWithTheChangesStampIsTakenWhole() {
        AtWriter shown = new AtWriter(row(WHOLE, INCOMING), true);
        Completion write = new Completion.Write(WHOLE, INCOMING);
        assertThat(complete(ABSENT, shown)).isEqualTo(write);
        assertThat(complete(row(WHOLE, INCOMING), shown)).isEqualTo(write);
    }

    @Test
    void whatReplacedTheChangeIsMergedUnderItsOwnStamp() {
        AtWriter row = new AtWriter(row(OTHER, LATER), true);
        assertThat(complete(row(OLD, BEFORE), row)).isEqualTo(new Completion.Write(OTHER, LATER));
        AtWriter erased = new AtWriter(new Standing.Deleted(LATER), true);
        assertThat(complete(row(OLD, BEFORE), erased)).isEqualTo(new Completion.Erase(LATER));
    }

    @Test
    void whatReplacedTheChangeDoesNotReplaceAnythingNewer() {
        Standing newest = new Standing.Deleted(new Stamp(70 * SECOND, HERE));
        assertThat(complete(newest, new AtWriter(row(OTHER, LATER), true)))
                .isEqualTo(new Completion.Keep());
        assertThat(complete(newest, new AtWriter(new Standing.Deleted(LATER), true)))
                .isEqualTo(new Completion.Keep());
    }

    @Test
    void aChangeThatIsNotVisibleYetIsCompletedFromTheRowItReplaced() {
        AtWriter shown = new AtWriter(row(OLD, BEFORE), false);
        Completion write = new Completion.Write(WHOLE, INCOMING);
        assertThat(complete(ABSENT, shown)).isEqualTo(write);
        assertThat(Referee.complete(PART, INCOMING, row(OTHER, INCOMING), ABSENT, shown))
                .isEqualTo(write);
    }

    @Test
    void aRowThatAnInvisibleTransactionHadChangedBeforeIsWaitedFor() {
        AtWriter shown = new AtWriter(row(OLD, BEFORE), false);
        for (Stamp same : List.of(INCOMING, LATER)) {
            assertThat(Referee.complete(PART, INCOMING, ABSENT, row(OTHER, same), shown))
                    .isEqualTo(new Completion.Wait());
        }
        assertThat(complete(ABSENT, new AtWriter(ABSENT, false))).isEqualTo(new Completion.Wait());
    }

    private static Optional<Row> moved(Standing replaced, Sight sight) {
        return Referee.completedByMove(PART, replaced, INCOMING, sight);
    }

    private static Completion complete(Standing standing, AtWriter shown) {
        return Referee.complete(PART, INCOMING, standing, standing, shown);
    }

    private static Standing row(Row row, Stamp stamp) {
        return new Standing.Present(row, stamp);
    }
}
