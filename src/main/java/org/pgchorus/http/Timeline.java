package org.pgchorus.http;

import org.pgchorus.daemon.Status;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** How links stood in the last minutes, look by look, so that charts begin full. Any thread. */
final class Timeline {
    /** About fifteen minutes. */
    static final int LOOKS = 900;

    /** Of links in all looks together; a large group is remembered for a shorter time. */
    static final int POINTS = 100_000;

    private final Deque<Look> looks = new ArrayDeque<>();
    private int points;

    private record End(String from, String to) {}

    private record Point(Double lagSeconds, long transactions, long conflicts) {}

    private record Look(long millis, Map<End, Point> links) {}

    /** Remembers a look; one that saw nothing is a gap. */
    synchronized void look(View view) {
        Map<End, Point> links = new TreeMap<>(Timeline::order);
        view.status()
                .map(Status::links)
                .orElse(List.of())
                .forEach(link ->
                        links.put(
                                new End(link.from(), link.to()),
                                new Point(
                                        link.lagSeconds().isPresent()
                                                ? rounded(link.lagSeconds().getAsDouble())
                                                : null,
                                        link.transactions(),
                                        link.conflicts())));
        looks.addLast(new Look(view.taken().toEpochMilli(), links));
        points += links.size();
        while (looks.size() > LOOKS || points > POINTS) {
            points -= looks.removeFirst().links.size();
        }
    }

    private static int order(End one, End other) {
        int byFrom = one.from.compareTo(other.from);
        return byFrom != 0 ? byFrom : one.to.compareTo(other.to);
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 1e3) / 1e3;
    }

    /** Times, and for each link its values at them; null where they are not known. */
    synchronized Map<String, Object> json() {
        Set<End> ends = new LinkedHashSet<>();
        looks.forEach(look -> ends.addAll(look.links.keySet()));
        return Json.object(
                "times", looks.stream().map(Look::millis).toList(),
                "links", ends.stream().map(this::series).toList());
    }

    private Map<String, Object> series(End end) {
        return Json.object(
                "from", end.from,
                "to", end.to,
                "lag_seconds", values(end, Point::lagSeconds),
                "applied_transactions", values(end, Point::transactions),
                "conflicts", values(end, Point::conflicts));
    }

    private List<Object> values(End end, Function<Point, Object> value) {
        List<Object> values = new ArrayList<>();
        looks.forEach(look ->
                values.add(Optional.ofNullable(look.links.get(end)).map(value).orElse(null)));
        return values;
    }
}
