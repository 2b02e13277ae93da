package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Stamp;

import java.util.HashMap;
import java.util.Map;

/** What can be concluded from what the writer (1) had seen and what is applied here (2). */
class SightTest {
    private static final int WRITER = 1;
    private static final int HERE = 2;
    private static final int THIRD = 3;
    private static final long SECOND = 1_000_000;
    private static final Stamp INCOMING = new Stamp(50 * SECOND, WRITER);

    @Test
    void aWriterHasSeenItsOwnVersionsAndThoseOlderThanEveryStream() {
        Sight blind = new Sight(WRITER, HERE, Map.of(), Map.of());
        assertThat(blind.writerHadSeen(new Stamp(Long.MAX_VALUE, WRITER))).isTrue();
        assertThat(blind.writerHadSeen(Stamp.UNKNOWN)).isTrue();
        assertThat(blind.writerHadSeen(new Stamp(7, 0))).isTrue();
        assertThat(blind.writerHadSeen(new Stamp(7, THIRD))).isFalse();
    }

    @Test
    void aWriterHasSeenWhatItHadAppliedAndNoMore() {
        Sight sight = new Sight(WRITER, HERE, Map.of(THIRD, 40L), Map.of());
        assertThat(sight.writerHadSeen(new Stamp(40, THIRD))).isTrue();
        assertThat(sight.writerHadSeen(new Stamp(41, THIRD))).isFalse();
    }

    @Test
    void nothingIsInFlightOnceEveryThirdNodeIsAppliedUpToTheChange() {
        assertThat(new Sight(WRITER, HERE, Map.of(), Map.of()).nothingInFlight(INCOMING)).isTrue();
        assertThat(sight(0, 50 * SECOND).nothingInFlight(INCOMING)).isTrue();
        assertThat(sight(0, 50 * SECOND - 1).nothingInFlight(INCOMING)).isFalse();
        assertThat(new Sight(WRITER, HERE, Map.of(THIRD, 40L), Map.of()).nothingInFlight(INCOMING))
                .isFalse();
        assertThat(
                        new Sight(WRITER, HERE, Map.of(WRITER, 9L, HERE, 9L), Map.of(WRITER, 9L))
                                .nothingInFlight(INCOMING))
                .isTrue();
    }

    @Test
    void aVersionOfTheWritersThatItsStreamHasNotReachedCameByAnotherPath() {
        Sight sight = new Sight(WRITER, HERE, Map.of(), Map.of(WRITER, 40L));
        assertThat(sight.isAheadOfStream(new Stamp(41, WRITER))).isTrue();
        assertThat(sight.isAheadOfStream(new Stamp(40, WRITER))).isFalse();
        assertThat(sight.isAheadOfStream(new Stamp(41, THIRD))).isFalse();
    }

    @Test
    void betweenTwoNodesTheWritersOwnRowIsTheOneItUpdated() {
        Sight sight = new Sight(WRITER, HERE, Map.of(), Map.of());
        assertThat(sight.writersVersionIsHere(new Stamp(SECOND, WRITER), INCOMING)).isTrue();
        assertThat(sight.writersVersionIsHere(Stamp.UNKNOWN, INCOMING)).isTrue();
        assertThat(sight.writersVersionIsHere(new Stamp(SECOND, HERE), INCOMING)).isFalse();
    }

    @Test
    void aRowTheWriterMayNotHaveSeenProvesNothing() {
        Stamp local = new Stamp(40 * SECOND, HERE);
        assertThat(seenHere(42 * SECOND).writersVersionIsHere(local, INCOMING)).isTrue();
        assertThat(seenHere(42 * SECOND - 1).writersVersionIsHere(local, INCOMING)).isFalse();
    }

    /**
     * The third node's transaction of time 50.0 can stand in its stream behind one of time 50.4; a
     * writer whose clock is slow can have seen both and still write at 50.2.
     */
    @Test
    void aThirdNodeAppliedOnlyJustUpToTheChangeProvesNothing() {
        Stamp local = new Stamp(40 * SECOND, WRITER);
        assertThat(sight(0, 52 * SECOND).writersVersionIsHere(local, INCOMING)).isTrue();
        assertThat(sight(0, 52 * SECOND - 1).writersVersionIsHere(local, INCOMING)).isFalse();
    }

    @Test
    void aThirdNodeNotHeardOfHereProvesNothing() {
        Sight sight = new Sight(WRITER, HERE, Map.of(THIRD, 1L), Map.of());
        assertThat(sight.writersVersionIsHere(new Stamp(1, WRITER), INCOMING)).isFalse();
        Sight named = new Sight(WRITER, HERE, Map.of(), Map.of(THIRD, Long.MIN_VALUE));
        assertThat(named.writersVersionIsHere(new Stamp(1, WRITER), INCOMING)).isFalse();
    }

    @Test
    void aRowLaterThanTheChangeIsNotTheOneItReplaced() {
        Sight sight = new Sight(WRITER, HERE, Map.of(), Map.of());
        assertThat(sight.writersVersionIsHere(new Stamp(51 * SECOND, WRITER), INCOMING)).isFalse();
    }

    @Test
    void anEarlierChangeOfTheSameTransactionIsTheWritersRow() {
        assertThat(sight(0, 0).writersVersionIsHere(INCOMING, INCOMING)).isTrue();
    }

    @Test
    void aSightDoesNotChangeWithTheMapsItWasMadeFrom() {
        Map<Integer, Long> seen = new HashMap<>(Map.of(THIRD, 40L));
        Sight sight = new Sight(WRITER, HERE, seen, Map.of());
        seen.put(THIRD, 90L);
        assertThat(sight.writerHadSeen(new Stamp(80, THIRD))).isFalse();
    }

    private static Sight sight(long thirdSeenMicros, long thirdAppliedMicros) {
        return new Sight(
                WRITER, HERE, Map.of(THIRD, thirdSeenMicros), Map.of(THIRD, thirdAppliedMicros));
    }

    private static Sight seenHere(long micros) {
        return new Sight(WRITER, HERE, Map.of(HERE, micros), Map.of());
    }
}
