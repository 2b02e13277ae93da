package org.pgchorus.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Lsn;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Bytes that lack are told as transactions. */
class PaceTest {
    private final Pace pace = new Pace();

    private OptionalLong lacks(long bytes) {
        return Pace.lacking(
                OptionalLong.of(bytes), OptionalDouble.of(1), pace.bytesPerTransaction());
    }

    @Test
    void whatTransactionsTookTellsHowManyLack() {
        pace.look(Lsn.ZERO, 0);
        pace.look(Lsn.parse("0/1000"), 0);
        assertThat(lacks(1024)).isEmpty();
        pace.look(Lsn.parse("0/2000"), 8);
        assertThat(lacks(1024)).hasValue(2);
        assertThat(lacks(1025)).hasValue(3);
        assertThat(lacks(0)).hasValue(0);
    }

    @Test
    void theNewestCountsMore() {
        pace.look(Lsn.parse("0/1000"), 0);
        pace.look(Lsn.parse("0/2000"), 8);
        pace.look(Lsn.parse("0/4000"), 16);
        assertThat(pace.bytesPerTransaction()).hasValue(Math.round(.8 * 512 + .2 * 1024));
    }

    @Test
    void aLogThatBeginsAnewIsNotMeasuredAcross() {
        pace.look(Lsn.parse("0/2000"), 8);
        pace.look(Lsn.parse("0/1000"), 9);
        assertThat(pace.bytesPerTransaction()).isEmpty();
        pace.look(Lsn.parse("0/1100"), 10);
        assertThat(pace.bytesPerTransaction()).hasValue(256);
    }

    @Test
    void nothingIsSaidOfAnUnknownLag() {
        assertThat(Pace.lacking(OptionalLong.empty(), OptionalDouble.empty(), OptionalLong.of(1)))
                .isEmpty();
    }
}
