package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** What those that stay give each other of a lost node makes them equal. */
class WindowTest {
    private static final int LOST = 3;

    /** The highest version of each key, and up to where the lost node's stream had come. */
    private static final class Survivor {
        private final Map<Integer, Stamp> versions = new HashMap<>();
        private long appliedMicros = Long.MIN_VALUE;

        void merge(int key, Stamp stamp) {
            versions.merge(key, stamp, (a, b) -> a.compareTo(b) >= 0 ? a : b);
        }
    }

    private record Write(int key, Stamp stamp) {}

    @Property(tries = 500)
    void survivorsEndEqualWhateverPrefixEachHadReceived(@ForAll long seed) {
        Random random = new Random(seed);
        List<Survivor> survivors = List.of(new Survivor(), new Survivor(), new Survivor());
        List<Write> lost = streamOf(random);
        List<Write> others = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Stamp stamp = new Stamp(random.nextLong(60_000_000), 1 + random.nextInt(2));
            others.add(new Write(random.nextInt(10), stamp));
        }
        for (Survivor survivor : survivors) {
            for (Write write : lost.subList(0, random.nextInt(lost.size() + 1))) {
                survivor.merge(write.key, write.stamp);
                survivor.appliedMicros = Math.max(survivor.appliedMicros, write.stamp.micros());
            }
            others.stream()
                    .filter(_ -> random.nextBoolean())
                    .forEach(w -> survivor.merge(w.key, w.stamp));
        }
        for (Survivor to : survivors) {
            Map<Integer, Long> applied =
                    to.appliedMicros == Long.MIN_VALUE ? Map.of() : Map.of(LOST, to.appliedMicros);
            Window window = Window.beyond(Set.of(LOST), applied);
            for (Survivor from : survivors) {
                from.versions.forEach((key, stamp) -> {
                    if (window.admits(stamp)) {
                        to.merge(key, stamp);
                    }
                });
            }
        }
        // The streams among those that stay go on, in any order.
        survivors.forEach(s -> others.forEach(w -> s.merge(w.key, w.stamp)));
        assertThat(survivors.get(1).versions).isEqualTo(survivors.get(0).versions);
        assertThat(survivors.get(2).versions).isEqualTo(survivors.get(0).versions);
    }

    /** Commit times rise, but not exactly, by less than the margin. */
    private static List<Write> streamOf(Random random) {
        List<Write> stream = new ArrayList<>();
        long micros = 0;
        for (int i = 0; i < 40; i++) {
            micros += random.nextLong(2_000_000);
            long disorder = random.nextLong(Window.MARGIN_MICROS / 5);
            stream.add(new Write(random.nextInt(10), new Stamp(micros - disorder, LOST)));
        }
        return stream;
    }

    @Test
    void nothingOfOthersIsInTheWindow() {
        Window window = Window.beyond(Set.of(2), Map.of(2, 50_000_000L, 1, 0L));
        assertThat(window.admits(new Stamp(40_000_000, 2))).isFalse();
        assertThat(window.admits(new Stamp(40_000_001, 2))).isTrue();
        assertThat(window.admits(new Stamp(99_000_000, 1))).isFalse();
        assertThat(window.admits(Stamp.UNKNOWN)).isFalse();
    }

    @Test
    void allOfAWriterNeverHeardOfIsInIt() {
        Window window = Window.beyond(Set.of(2), Map.of());
        assertThat(window.admits(new Stamp(Long.MIN_VALUE + 1, 2))).isTrue();
        assertThat(Window.below(Long.MIN_VALUE + 5)).isEqualTo(Long.MIN_VALUE);
    }
}
