package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Sight;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which nodes clients are sent to. */
class JudgeTest {
    private static final double OVER = Examination.LAG_LIMIT.toSeconds() + 1;
    private static final double HALF = Examination.LAG_LIMIT.toSeconds() * 0.75;

    private final Judge judge = new Judge();

    private List<String> writable(Sights sights) {
        Map<String, Standing> standings = judge.look(sights.sight());
        return Sights.NAMES.stream().filter(name -> standings.get(name).writable()).toList();
    }

    private List<String> writableAfter(int looks, Sights sights) {
        for (int i = 1; i < looks; i++) {
            judge.look(sights.sight());
        }
        return writable(sights);
    }

    @Test
    void aGroupThatIsWellIsWritableAtOnce() {
        assertThat(writable(new Sights())).containsExactly("n1", "n2", "n3");
    }

    @Test
    void whoDoesNotAnswerIsOutAtOnceAndTakesNobodyElseOut() {
        assertThat(writable(new Sights())).hasSize(3);
        assertThat(writable(new Sights().down("n2"))).containsExactly("n1", "n3");
    }

    @Test
    void whoComesBackIsLookedAtForAWhile() {
        judge.look(new Sights().down("n2").sight());
        for (int look = 1; look < Standing.LOOKS; look++) {
            assertThat(writable(new Sights())).containsExactly("n1", "n3");
        }
        assertThat(judge.look(new Sights().sight()).get("n2"))
                .isEqualTo(new Standing(true, List.of(), 0));
    }

    @Test
    void aNodeThatComesAndGoesStaysOut() {
        for (int i = 0; i < 10; i++) {
            assertThat(writable(new Sights().down("n2"))).containsExactly("n1", "n3");
            assertThat(writable(new Sights())).containsExactly("n1", "n3");
        }
    }

    @Test
    void aBurstOfLagTakesNobodyOut() {
        judge.look(new Sights().sight());
        assertThat(writableAfter(Standing.LOOKS - 1, new Sights().lag("n3", OVER)))
                .containsExactly("n1", "n2", "n3");
        assertThat(writable(new Sights())).hasSize(3);
        assertThat(writable(new Sights().lag("n3", OVER))).hasSize(3);
    }

    @Test
    void lagThatStaysTakesOutUntilHalfOfItIsGone() {
        judge.look(new Sights().sight());
        assertThat(writableAfter(Standing.LOOKS, new Sights().lag("n3", OVER)))
                .containsExactly("n1", "n2");
        assertThat(writableAfter(10, new Sights().lag("n3", HALF))).containsExactly("n1", "n2");
        assertThat(writableAfter(Standing.LOOKS, new Sights())).hasSize(3);
    }

    @Test
    void lagAloneNeverTakesTheLastNodeOut() {
        Sights all = new Sights().lag("n1", OVER).lag("n2", OVER).lag("n3", OVER);
        assertThat(writableAfter(10, all)).containsExactly("n1", "n2", "n3");
        Sights last = new Sights().lag("n1", OVER).down("n2").down("n3");
        assertThat(writableAfter(10, last)).containsExactly("n1");
    }

    @Test
    void aLateNodeIsLetInAtOnceWhenTheOthersGo() {
        judge.look(new Sights().sight());
        assertThat(writableAfter(Standing.LOOKS, new Sights().lag("n3", OVER)))
                .containsExactly("n1", "n2");
        assertThat(writable(new Sights().lag("n3", OVER).down("n1").down("n2")))
                .containsExactly("n3");
    }

    @Test
    void whatIsSurelyWrongTakesTheLastNodeOutToo() {
        Sights sights = new Sights().down("n1").down("n2").readOnly("n3");
        assertThat(writableAfter(10, sights)).isEmpty();
    }

    @Test
    void everyFaultHasItsReason() {
        assertThat(reason(new Sights().vitals("n1", new Sight.Vitals(true, true, 0))))
                .isEqualTo("its server is in recovery");
        assertThat(reason(new Sights().vitals("n1", new Sight.Vitals(false, true, 0))))
                .contains("default_transaction_read_only");
        assertThat(reason(new Sights().vitals("n1", new Sight.Vitals(false, false, 2.5))))
                .contains("stepped back", "2.5 s");
        assertThat(reason(new Sights().readOnly("n1"))).contains("read-only by order");
        assertThat(reason(new Sights().skew("n1", 7))).contains("7.0 s ahead");
        assertThat(reason(new Sights().walStatus("lost"))).contains("WAL it keeps for n2 is lost");
        assertThat(reason(new Sights().down("n1"))).contains("does not answer: cannot connect");
    }

    private static String reason(Sights sights) {
        return Examination.forWriting(sights.sight(), "n1").faults().getFirst();
    }

    @Test
    void whoAsksForLessLagGetsItsReason() {
        Sight sight = new Sights().lag("n2", 9).sight();
        assertThat(Examination.forReading(sight, "n2", Optional.empty())).isEmpty();
        assertThat(Examination.forReading(sight, "n2", Optional.of(LagLimit.parse("10s"))))
                .isEmpty();
        assertThat(Examination.forReading(sight, "n2", Optional.of(LagLimit.parse("8s"))))
                .hasSize(2)
                .first()
                .isEqualTo("it is 9.000 s behind n1, more than 8s");
        assertThat(Examination.forReading(sight, "n2", Optional.of(LagLimit.parse("4096"))))
                .isEmpty();
        assertThat(Examination.forReading(sight, "n2", Optional.of(LagLimit.parse("4kB"))))
                .isEmpty();
        assertThat(Examination.forReading(sight, "n2", Optional.of(LagLimit.parse("4095B"))))
                .first()
                .isEqualTo("it lacks 4kB of the log of n1, more than 4095B");
    }

    @Test
    void whatWasSeenLongAgoSaysNothing() {
        View view = new Sights().view();
        long later = view.takenNanos() + Examination.OLDEST.toNanos() + 1;
        assertThat(view.stale(view.takenNanos() + Duration.ofSeconds(1).toNanos())).isEmpty();
        assertThat(Health.all(Health.Question.LIVENESS, view, later, Optional.empty()).status())
                .isEqualTo(503);
        assertThat(
                        Health.one(Health.Question.PRIMARY, view, later, Optional.empty(), "n1")
                                .status())
                .isEqualTo(503);
    }
}
