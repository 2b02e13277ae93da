package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.link.Setbacks.Remedy;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;

import java.sql.SQLException;
import java.util.Optional;

/** What is tried again, and what holds a table. */
class SetbacksTest {
    private static final Optional<TableName> TABLE = Optional.of(new TableName("public", "t"));

    private final Setbacks setbacks = new Setbacks();

    private Remedy remedy(String sqlState) {
        return setbacks.remedy(PgError.of(new SQLException("no", sqlState)), TABLE, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"08006", "53100", "55P03", "57014", "57P01", "58030"})
    void whatPassesByItselfNeverHoldsATable(String sqlState) {
        for (int time = 0; time < 100; time++) {
            assertThat(remedy(sqlState)).isEqualTo(Remedy.NONE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"40P01", "40001"})
    void aDeadlockIsTriedAgainAndThenByTheNextConnection(String sqlState) {
        for (int time = 0; time < 10; time++) {
            assertThat(remedy(sqlState)).isEqualTo(Remedy.AGAIN);
            assertThat(setbacks.pauseMillis()).isBetween(1L, 10L * (time + 1));
        }
        assertThat(remedy(sqlState)).isEqualTo(Remedy.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"23505", "23P01"})
    void aClashIsTriedAgainBeforeItHolds(String sqlState) {
        for (int time = 0; time < 10; time++) {
            assertThat(remedy(sqlState)).isEqualTo(Remedy.AGAIN);
        }
        assertThat(remedy(sqlState)).isEqualTo(Remedy.HOLD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"23514", "42703", "42P01", "22001", "42501", "0A000", "P0001"})
    void aRefusalHoldsOnceOldPlansAreOutOfTheQuestion(String sqlState) {
        assertThat(remedy(sqlState)).isEqualTo(Remedy.AFRESH);
        assertThat(remedy(sqlState)).isEqualTo(Remedy.HOLD);
    }

    @Test
    void eachTableHasItsOwnChance() {
        assertThat(remedy("23514")).isEqualTo(Remedy.AFRESH);
        PgError failure = PgError.of(new SQLException("no", "23514"));
        Optional<TableName> other = Optional.of(new TableName("public", "u"));
        assertThat(setbacks.remedy(failure, other, false)).isEqualTo(Remedy.AFRESH);
    }

    @Test
    void aCommitThatIsRefusedIsTriedOnceWithEachChangeChecked() {
        PgError failure = PgError.of(new SQLException("no", "23514"));
        assertThat(setbacks.remedy(failure, Optional.empty(), true))
                .isEqualTo(Remedy.CHECKING_EACH);
        assertThat(setbacks.remedy(failure, Optional.empty(), true)).isEqualTo(Remedy.NONE);
    }

    @Test
    void aWriterThatDoesNotLetUsInIsNoFaultOfTheTable() {
        assertThat(remedy("28P01")).isEqualTo(Remedy.NONE);
        assertThat(remedy("3D000")).isEqualTo(Remedy.NONE);
    }

    @Test
    void whatHaltsALinkHoldsNothing() {
        assertThat(setbacks.remedy(PgError.halted("choose"), TABLE, false)).isEqualTo(Remedy.NONE);
    }
}
