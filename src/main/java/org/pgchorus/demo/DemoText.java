package org.pgchorus.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.Conflicts.Count;
import org.pgchorus.daemon.Conflicts.Version;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How a demonstration says things, in lines of at most 80 characters. Pure. */
final class DemoText {
    private static final int WIDTH = 80;
    private static final int LONGEST_VALUE = 24;

    /** More columns would not fit beside the others; then only the sum is shown. */
    private static final int MOST_COLUMNS = 5;

    private static final JsonMapper JSON = new JsonMapper();

    private DemoText() {}

    /** {@code 0.24 s}, {@code 12.3 s}. */
    static String seconds(Duration duration) {
        return seconds(duration.toNanos() / 1e9);
    }

    private static String seconds(double seconds) {
        return String.format(Locale.ROOT, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
    }

    /** What stands above {@link #second}. */
    static List<String> head(Collection<NodeName> nodes) {
        StringBuilder names = new StringBuilder();
        if (nodes.size() <= MOST_COLUMNS) {
            nodes.forEach(node -> names.append("%7s".formatted(node)));
        }
        String columns = "  %5s%s%7s%6s%10s  %s";
        return List.of(
                "", columns.formatted("time", names, "all", "tx/s", "conflicts", "worst lag"));
    }

    /**
     * How the load stands: transactions written so far, by node and in all.
     *
     * @param rate transactions written a second, since the line before
     * @param status empty if no node could be asked
     */
    static String second(
            int second, Map<NodeName, Long> written, long rate, Optional<Status> status) {
        StringBuilder counts = new StringBuilder();
        if (written.size() <= MOST_COLUMNS) {
            written.values().forEach(count -> counts.append("%7d".formatted(count)));
        }
        return cut(
                "  %3d s%s%7d%6d%10s  %s"
                        .formatted(
                                second,
                                counts,
                                sum(written),
                                rate,
                                status.map(it -> String.valueOf(conflicts(it))).orElse("?"),
                                status.map(DemoText::worstLag).orElse("no answer")));
    }

    static long sum(Map<NodeName, Long> written) {
        return written.values().stream().mapToLong(Long::longValue).sum();
    }

    private static long conflicts(Status status) {
        return status.links().stream().mapToLong(Status.Link::conflicts).sum();
    }

    private static String worstLag(Status status) {
        Optional<Status.Link> still =
                status.links().stream().filter(it -> !it.state().equals("streaming")).findFirst();
        if (still.isPresent()) {
            return "%s is %s".formatted(name(still.get()), still.get().state());
        }
        return status.links().stream()
                .max(Comparator.comparingDouble(it -> it.lagSeconds().orElse(0)))
                .map(it -> "%s %s".formatted(name(it), lag(it.lagSeconds())))
                .orElse("");
    }

    private static String name(Status.Link link) {
        return link.from() + "->" + link.to();
    }

    private static String lag(OptionalDouble seconds) {
        return seconds.isPresent() ? seconds(seconds.getAsDouble()) : "?";
    }

    /** Who wrote how much. */
    static List<String> written(Map<NodeName, Long> written, long refused) {
        String nodes =
                written.entrySet().stream()
                        .map(it -> it.getKey() + " " + it.getValue())
                        .collect(Collectors.joining(", "));
        return List.of(
                "  transactions  %d: %s".formatted(sum(written), nodes),
                "                and %d refused by their own node: key taken, deadlock"
                        .formatted(refused));
    }

    /** What is in the tables. */
    static String rows(SortedMap<TableName, Long> rows) {
        return "  rows          "
                + rows.entrySet().stream()
                        .map(it -> it.getKey().name() + " " + it.getValue())
                        .collect(Collectors.joining(", "));
    }

    /** How many conflicts there were of each type. */
    static List<String> conflicts(List<Count> counts) {
        SortedMap<String, Long> byType = new TreeMap<>();
        counts.forEach(it -> byType.merge(it.type(), it.count(), Long::sum));
        List<String> lines = new ArrayList<>();
        lines.add(
                "  conflicts     %d, each counted where it was decided:"
                        .formatted(byType.values().stream().mapToLong(Long::longValue).sum()));
        byType.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .forEach(it -> lines.add("%19d  %s".formatted(it.getValue(), it.getKey())));
        return lines;
    }

    /**
     * The most telling conflict of a list: one key inserted twice, or else a row updated twice, at
     * nearly the same time.
     */
    static Optional<Conflict> sample(List<Conflict> conflicts) {
        return conflicts.stream()
                .filter(it -> it.local().isPresent() && it.remote().isPresent())
                .min(
                        Comparator.comparingInt(DemoText::rank)
                                .thenComparing(DemoText::betweenVersions));
    }

    private static int rank(Conflict conflict) {
        return switch (conflict.type()) {
            case "insert_exists" -> 0;
            case "update_origin_differs" -> 1;
            default -> 2;
        };
    }

    private static Duration betweenVersions(Conflict conflict) {
        Optional<String> local = conflict.localStamp().flatMap(Version::time);
        Optional<String> remote = conflict.remoteStamp().time();
        return local.isPresent() && remote.isPresent()
                ? Duration.between(instant(local.get()), instant(remote.get())).abs()
                : ChronoUnit.FOREVER.getDuration();
    }

    /** Of {@code 2026-11-20 14:16:16.123456+00}. */
    private static Instant instant(String timestamp) {
        return OffsetDateTime.parse(
                        timestamp.replace(' ', 'T').replaceFirst("([+-]\\d\\d)$", "$1:00"))
                .toInstant();
    }

    /** One conflict with both versions, and which one stands. */
    static List<String> conflict(Conflict conflict) {
        boolean remoteWon = conflict.resolution().equals("apply_remote");
        Version local = conflict.localStamp().orElse(new Version(Optional.empty(), "?"));
        return List.of(
                cut(
                        "  for example   %s, %s; node %s decided:"
                                .formatted(
                                        conflict.table().replaceFirst("^public\\.", ""),
                                        difference(Optional.of(conflict.key()), Optional.empty()),
                                        conflict.node())),
                version(local, difference(conflict.local(), conflict.remote()), !remoteWon),
                version(
                        conflict.remoteStamp(),
                        difference(conflict.remote(), conflict.local()),
                        remoteWon));
    }

    private static String version(Version version, String row, boolean won) {
        return cut(
                "    %-9s  %s at %s: %s"
                        .formatted(
                                won ? "stands" : "gives way",
                                version.node(),
                                version.time().map(DemoText::timeOfDay).orElse("?"),
                                row));
    }

    private static String cut(String line) {
        return cut(line, WIDTH);
    }

    private static String cut(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 3) + "...";
    }

    /** Of {@code 2026-11-20 14:16:16.123456+00}, what is between day and zone. */
    private static String timeOfDay(String timestamp) {
        String time = timestamp.substring(timestamp.indexOf(' ') + 1);
        return time.replaceFirst("[+-][0-9:]+$", "");
    }

    /** The columns of a row that are not as in the other one; all if there is no other one. */
    private static String difference(Optional<String> row, Optional<String> other) {
        if (row.isEmpty()) {
            return "deleted";
        }
        try {
            JsonNode columns = JSON.readTree(row.get());
            JsonNode others = JSON.readTree(other.orElse("{}"));
            return columns.properties().stream()
                    .filter(it -> !it.getValue().equals(others.get(it.getKey())))
                    .map(it -> it.getKey() + " " + cut(it.getValue().asText(), LONGEST_VALUE))
                    .collect(Collectors.joining(", "));
        } catch (JsonProcessingException broken) {
            throw new IllegalArgumentException("not JSON in the conflict history", broken);
        }
    }
}
