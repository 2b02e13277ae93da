package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgchorus.conflict.Displacement.Entry;
import org.pgchorus.conflict.Displacement.Split;
import org.pgchorus.conflict.Displacement.Version;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Whatever the order of arrival, and however late somebody looks for versions that may return: the
 * split is the one that follows from the newest versions alone.
 */
class DisplacementTest {
    private static final int STORIES = 12_000;
    private static final int STORIES_TO_FAIL = 20_000;

    /** Two unique columns, null for NULL, and a range that may not overlap another. */
    record Values(Integer a, Integer b, int from, int to) {
        boolean clashes(Values other) {
            return a != null && a.equals(other.a)
                    || b != null && b.equals(other.b)
                    || from < other.to && other.from < to;
        }
    }

    /** A version, or a deletion if it has no row. */
    private record Event(List<String> key, Stamp stamp, Optional<Values> row) {
        Version<Values> version() {
            return new Version<>(key, stamp, row.orElseThrow());
        }
    }

    /** The true rule, and others that look as good. */
    enum Rule {
        TRUE,
        NEWCOMER_WINS,
        ONLY_WHAT_NOTHING_CLASHES_WITH_RETURNS,
        TIE_BY_ARRIVAL,
        NOTHING_RETURNS,
        RETURNS_ARE_SOUGHT_ONCE;

        Entry<Values> enter(Version<Values> newcomer, Collection<Version<Values>> clashing) {
            Entry<Values> entry = Displacement.enter(newcomer, clashing);
            boolean lives =
                    this == NEWCOMER_WINS
                            || this == TIE_BY_ARRIVAL
                                    && clashing.stream()
                                            .allMatch(v ->
                                                    v.stamp().compareTo(newcomer.stamp()) <= 0);
            return lives ? new Entry.Lives<>(List.copyOf(clashing)) : entry;
        }

        boolean isFree(Version<Values> displaced, Collection<Version<Values>> clashing) {
            return switch (this) {
                case TRUE, RETURNS_ARE_SOUGHT_ONCE ->
                        Displacement.enter(displaced, clashing) instanceof Entry.Lives<?>;
                case TIE_BY_ARRIVAL ->
                        clashing.stream().allMatch(v -> v.stamp().compareTo(displaced.stamp()) < 0);
                case NEWCOMER_WINS, ONLY_WHAT_NOTHING_CLASHES_WITH_RETURNS -> clashing.isEmpty();
                case NOTHING_RETURNS -> false;
            };
        }
    }

    /** One node: what it knows of every key, its table, and what is displaced. */
    private static final class Node {
        final Map<List<String>, Event> newest = new HashMap<>();
        final Set<Version<Values>> live = new HashSet<>();
        final Set<Version<Values>> displaced = new HashSet<>();
        private final Rule rule;

        Node(Rule rule) {
            this.rule = rule;
        }

        void apply(Event event) {
            Event known = newest.get(event.key());
            if (known != null && known.stamp().compareTo(event.stamp()) >= 0) {
                return;
            }
            newest.put(event.key(), event);
            live.removeIf(v -> v.key().equals(event.key()));
            displaced.removeIf(v -> v.key().equals(event.key()));
            if (event.row().isPresent()) {
                enter(event.version());
            }
        }

        /** A client's own write: the server refuses clashes, and nobody looks at the displaced. */
        boolean write(Event event) {
            if (event.row().isPresent() && !clashing(event.version()).isEmpty()) {
                return false;
            }
            newest.put(event.key(), event);
            live.removeIf(v -> v.key().equals(event.key()));
            event.row().ifPresent(_ -> live.add(event.version()));
            return true;
        }

        private List<Version<Values>> clashing(Version<Values> version) {
            return live.stream()
                    .filter(v -> !v.key().equals(version.key()))
                    .filter(v -> v.row().clashes(version.row()))
                    .toList();
        }

        private void enter(Version<Values> version) {
            List<Version<Values>> clashing = clashing(version);
            switch (rule.enter(version, clashing)) {
                case Entry.Lives<Values>(List<Version<Values>> displaces) -> {
                    live.add(version);
                    displaces.forEach(live::remove);
                    displaced.addAll(displaces);
                }
                case Entry.Yields<Values> _ -> displaced.add(version);
            }
        }

        /** One look: forgets what is obsolete, lets return what is free, in any order. */
        boolean look(Dice dice) {
            displaced.removeIf(v -> newest.get(v.key()).stamp().compareTo(v.stamp()) > 0);
            List<Version<Values>> free =
                    displaced.stream()
                            .filter(v -> rule.isFree(v, clashing(v)))
                            .sorted(Displacement.ORDER)
                            .toList();
            if (free.isEmpty()) {
                return false;
            }
            Version<Values> chosen = free.get(dice.below(free.size()));
            displaced.remove(chosen);
            enter(chosen);
            return true;
        }

        void settle(Dice dice) {
            boolean more = look(dice);
            for (int i = 0; more && i < 1000 && rule != Rule.RETURNS_ARE_SOUGHT_ONCE; i++) {
                more = look(dice);
            }
        }

        Split<Values> split() {
            return new Split<>(live, displaced);
        }
    }

    @Test
    void theSplitFollowsFromTheNewestVersionsAlone() {
        for (long seed = 0; seed < STORIES; seed++) {
            assertThat(fault(seed, Rule.TRUE)).as("seed %d", seed).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Rule.class, mode = EnumSource.Mode.EXCLUDE, names = "TRUE")
    void anyOtherRuleIsFoundOut(Rule wrong) {
        boolean found = false;
        for (long seed = 0; seed < STORIES_TO_FAIL && !found; seed++) {
            found = fault(seed, wrong).isPresent();
        }
        assertThat(found).as("a seed at which %s fails", wrong).isTrue();
    }

    /** Tells one story on two nodes, some of it written by clients of the first. */
    private static Optional<String> fault(long seed, Rule rule) {
        Dice dice = new Dice(seed);
        List<Event> events = events(dice);
        Node first = new Node(rule);
        Node second = new Node(rule);
        List<Event> written = new ArrayList<>();
        deliver(shuffled(events, dice), first, dice);
        for (int i = dice.below(4); i > 0; i--) {
            Event own = event(dice, new Stamp(100 + i, 1));
            if (newestOf(first, own.key()).compareTo(own.stamp()) < 0 && first.write(own)) {
                written.add(own);
            }
            if (dice.oneIn(2)) {
                first.look(dice);
            }
        }
        List<Event> all = new ArrayList<>(events);
        all.addAll(written);
        deliver(shuffled(all, dice), second, dice);
        Split<Values> expected = expected(all);
        for (Node node : List.of(first, second)) {
            node.settle(dice);
            if (!node.split().equals(expected)) {
                return Optional.of(node.split() + " instead of " + expected);
            }
        }
        return incremental(all, dice).equals(expected)
                ? Optional.empty()
                : Optional.of("put and settled differ from split");
    }

    private static Stamp newestOf(Node node, List<String> key) {
        Event event = node.newest.get(key);
        return event == null ? Stamp.UNKNOWN : event.stamp();
    }

    private static void deliver(List<Event> events, Node node, Dice dice) {
        for (Event event : events) {
            node.apply(event);
            if (dice.oneIn(20)) {
                node.apply(events.get(dice.below(events.size())));
            }
            for (int looks = dice.below(3); looks > 0; looks--) {
                node.look(dice);
            }
        }
        events.forEach(node::apply);
    }

    /** The same by the functions that take a whole split, and what they promise on the way. */
    private static Split<Values> incremental(List<Event> events, Dice dice) {
        Split<Values> split = Split.empty();
        List<Event> inOrder = new ArrayList<>(events);
        inOrder.sort(Comparator.comparing(Event::stamp));
        for (Event event : inOrder) {
            split =
                    event.row().isPresent()
                            ? Displacement.put(split, event.version(), Values::clashes)
                            : Displacement.erase(split, event.key());
            if (dice.oneIn(3)) {
                split = Displacement.settled(split, Values::clashes);
            }
        }
        return Displacement.settled(split, Values::clashes);
    }

    private static Split<Values> expected(List<Event> events) {
        Map<List<String>, Event> newest = new HashMap<>();
        for (Event event : events) {
            newest.merge(event.key(), event, (x, y) -> x.stamp().compareTo(y.stamp()) > 0 ? x : y);
        }
        List<Version<Values>> versions =
                newest.values().stream()
                        .filter(e -> e.row().isPresent())
                        .map(Event::version)
                        .toList();
        Split<Values> split = Displacement.split(versions, Values::clashes);
        for (Version<Values> version : versions) {
            boolean blocked =
                    split.live().stream()
                            .filter(v -> Displacement.ORDER.compare(v, version) > 0)
                            .anyMatch(v -> v.row().clashes(version.row()));
            assertThat(split.displaced().contains(version)).isEqualTo(blocked);
        }
        return split;
    }

    /** Few keys, values and moments, so that everything meets; a key has one version a stamp. */
    private static List<Event> events(Dice dice) {
        Map<Object, Event> events = new HashMap<>();
        for (int i = 3 + dice.below(10); i > 0; i--) {
            Event event = event(dice, new Stamp(dice.below(7), dice.below(3)));
            events.putIfAbsent(List.of(event.key(), event.stamp()), event);
        }
        List<Event> inOrder = new ArrayList<>(events.values());
        inOrder.sort(
                Comparator.comparing(Event::stamp).thenComparing(e -> String.join("|", e.key())));
        return inOrder;
    }

    private static Event event(Dice dice, Stamp stamp) {
        List<String> key = List.of(Integer.toString(dice.below(6)));
        if (dice.oneIn(4)) {
            return new Event(key, stamp, Optional.empty());
        }
        int from = dice.below(12);
        Values row = new Values(value(dice), value(dice), from, from + dice.below(3));
        return new Event(key, stamp, Optional.of(row));
    }

    private static Integer value(Dice dice) {
        int value = dice.below(5);
        return value == 0 ? null : value;
    }

    private static List<Event> shuffled(List<Event> events, Dice dice) {
        List<Event> shuffled = new ArrayList<>(events);
        for (int i = shuffled.size() - 1; i > 0; i--) {
            Collections.swap(shuffled, i, dice.below(i + 1));
        }
        return shuffled;
    }

    @Test
    void keysOfOneStampAreOrderedByCodePoints() {
        Stamp stamp = Stamp.UNKNOWN;
        List<List<String>> keys =
                List.of(
                        List.of("B"),
                        List.of("a"),
                        List.of("a", ""),
                        List.of("a", "b"),
                        List.of("\uFFFD"),
                        List.of("\uD83D\uDE00"));
        List<Version<String>> versions =
                keys.stream().map(key -> new Version<>(key, stamp, "")).toList();
        assertThat(versions.reversed().stream().sorted(Displacement.ORDER).map(Version::key))
                .containsExactlyElementsOf(keys);
    }

    /** The third one returns because the first one's return displaces the second. */
    @Test
    void aReturnMayLetAThirdOneReturn() {
        Version<Set<Integer>> top = new Version<>(List.of("0"), new Stamp(9, 1), Set.of(0));
        Version<Set<Integer>> first = new Version<>(List.of("1"), new Stamp(8, 1), Set.of(0, 1));
        Version<Set<Integer>> second = new Version<>(List.of("2"), new Stamp(7, 1), Set.of(1, 2));
        Version<Set<Integer>> third = new Version<>(List.of("3"), new Stamp(6, 1), Set.of(2));
        BiPredicate<Set<Integer>, Set<Integer>> clash = (x, y) -> x.stream().anyMatch(y::contains);
        Split<Set<Integer>> before = Displacement.split(List.of(top, first, second, third), clash);
        assertThat(before.live()).containsExactlyInAnyOrder(top, second);
        Split<Set<Integer>> after =
                Displacement.settled(Displacement.erase(before, top.key()), clash);
        assertThat(after.live()).containsExactlyInAnyOrder(first, third);
        assertThat(after.displaced()).containsExactly(second);
    }
}
