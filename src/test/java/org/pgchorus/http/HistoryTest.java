package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Sight;

import java.util.List;

/** What is told of changes between looks. */
class HistoryTest {
    private final History history = new History();

    private List<String> lines(View view) {
        return history.look(view).stream()
                .map(it -> "%s %s %s".formatted(it.level(), it.subject(), it.text()))
                .toList();
    }

    @Test
    void whatIsWellFromTheBeginningIsNotTold() {
        assertThat(lines(new Sights().view()))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).contains("table public.h is held"));
        assertThat(history.look(new Sights().view())).hasSize(6);
    }

    @Test
    void aNodeThatIsLostIsToldWithItsReasonAndSoIsItsReturn() {
        lines(new Sights().view());
        List<String> lost = lines(new Sights().down("n2").view());
        assertThat(lost)
                .contains("bad n2 is down: cannot connect")
                .contains("bad n2->n1 is down: an end cannot be reached");
        List<String> back = lines(new Sights().view());
        assertThat(back.subList(lost.size(), back.size()))
                .contains("good n2 is ready", "good n2->n1 is streaming");
    }

    @Test
    void aLookThatSawNothingChangesNothing() {
        List<String> before = lines(new Sights().view());
        Sight nothing = Sight.ofNothing(new Sights().sight().taken(), List.of(), "no node answers");
        assertThat(lines(View.first(nothing, 0))).isEqualTo(before);
        assertThat(lines(new Sights().view())).isEqualTo(before);
    }

    @Test
    void onlyTheNewestAreKept() {
        for (int i = 0; i < History.KEPT; i++) {
            lines(new Sights().down("n2").view());
            lines(new Sights().view());
        }
        assertThat(history.look(new Sights().view()))
                .hasSize(History.KEPT)
                .isSortedAccordingTo((a, b) -> Long.compare(a.number(), b.number()));
    }
}
