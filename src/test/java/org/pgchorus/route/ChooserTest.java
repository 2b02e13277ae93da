package org.pgchorus.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.route.Chooser.Candidate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

class ChooserTest {
    private static List<Candidate> open(int... sessions) {
        return IntStream.range(0, sessions.length)
                .mapToObj(
                        i -> new Candidate("n" + (i + 1), sessions[i] >= 0, Math.abs(sessions[i])))
                .toList();
    }

    @Test
    void theLeastLoadedIsChosen() {
        assertThat(Chooser.any(open(3, 1, 2), 7)).contains("n2");
        assertThat(Chooser.any(open(3, -1, 2), 7)).contains("n3");
        assertThat(Chooser.any(open(-3, -1), 7)).isEmpty();
        assertThat(Chooser.any(List.of(), 7)).isEmpty();
    }

    @Test
    void equalsTakeTurns() {
        assertThat(IntStream.range(0, 6).mapToObj(t -> Chooser.any(open(1, 1, 2, 1), t)).distinct())
                .containsExactly(Optional.of("n1"), Optional.of("n2"), Optional.of("n4"));
        assertThat(Chooser.any(open(1, 1), Integer.MIN_VALUE)).isPresent();
    }

    @Test
    void aNodeThatGoesTakesOnlyItsOwnKeysAlong() {
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            String key = "user" + i;
            String home = Chooser.sticky(open(0, 0, 0), key).orElseThrow();
            counts.merge(home, 1, Integer::sum);
            assertThat(Chooser.sticky(open(9, 0, 1), key)).contains(home);
            String without = Chooser.sticky(open(0, -1, 0), key).orElseThrow();
            if (!home.equals("n2")) {
                assertThat(without).isEqualTo(home);
            } else {
                assertThat(without).isNotEqualTo(home);
            }
        }
        assertThat(counts.values()).hasSize(3).allMatch(count -> count > 850 && count < 1150);
        assertThat(Chooser.sticky(open(-1), "user")).isEmpty();
    }

    @Test
    void thePreferredStaysWhileSessionsLiveElsewhereOnly() {
        assertThat(Chooser.preferred(open(0, 0), Optional.empty())).contains("n1");
        assertThat(Chooser.preferred(open(-1, 4), Optional.of("n2"))).contains("n2");
        assertThat(Chooser.preferred(open(0, 4), Optional.of("n2"))).contains("n2");
        assertThat(Chooser.preferred(open(0, 0), Optional.of("n2"))).contains("n1");
        assertThat(Chooser.preferred(open(-2, 0, 0), Optional.of("n1"))).contains("n2");
        assertThat(Chooser.preferred(open(1, -3), Optional.of("n2"))).contains("n1");
        assertThat(Chooser.preferred(open(-1, -3), Optional.of("n2"))).isEmpty();
    }
}
