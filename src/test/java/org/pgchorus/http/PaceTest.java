package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Status;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Bytes that lack are told as transactions. */
class PaceTest {
    private final Pace pace = new Pace();

    private static Status.Link link(String applied, long transactions, long lagBytes) {
        return new Status.Link(
                "n1",
                "n2",
                "streaming",
                "",
                OptionalLong.of(lagBytes),
                OptionalDouble.of(1),
                OptionalDouble.empty(),
                "",
                "",
                applied,
                "",
                transactions,
                0,
                0,
                "",
                Optional.empty(),
                List.of(),
                Status.Differences.NONE);
    }

    private OptionalDouble look(Status.Link link) {
        return Pace.lacking(link, pace.look(List.of(link)));
    }

    @Test
    void whatTransactionsTookTellsHowManyLack() {
        assertThat(look(link("0/1000", 0, 1024))).isEmpty();
        assertThat(look(link("0/2000", 8, 1024))).hasValue(2);
        assertThat(look(link("0/2000", 8, 1025))).hasValue(3);
        assertThat(look(link("0/2000", 8, 0))).hasValue(0);
    }

    @Test
    void aDaemonThatBeginsAnewIsMeasuredAnew() {
        look(link("0/1000", 0, 1024));
        look(link("0/2000", 8, 1024));
        assertThat(look(link("0/2100", 1, 1024))).isEmpty();
        assertThat(look(link("0/2200", 2, 1024))).hasValue(4);
    }

    @Test
    void nothingIsSaidOfAnUnknownLag() {
        assertThat(Pace.lacking(link("", 0, 5), Map.of())).isEmpty();
    }
}
