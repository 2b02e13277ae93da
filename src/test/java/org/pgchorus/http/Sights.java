package org.pgchorus.http;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Took;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a daemon may see: a group of three nodes, well unless something else is said. */
final class Sights {
    static final List<String> NAMES = List.of("n1", "n2", "n3");

    static final Conflicts.Conflict CONFLICT =
            new Conflicts.Conflict(
                    "n1.1",
                    "2026-11-20 07:59:59.5+00",
                    "n1",
                    "public.t",
                    "{\"id\" : 1}",
                    "insert_exists",
                    "keep_local",
                    "last_update_wins",
                    Optional.of("{\"id\" : 1, \"n\" : 1.10}"),
                    Optional.empty(),
                    Optional.empty(),
                    new Conflicts.Version(Optional.empty(), "n2"),
                    "",
                    "0/1");

    private final Set<String> down = new TreeSet<>();
    private final Map<String, Double> lagSeconds = new LinkedHashMap<>();
    private final Map<String, Sight.Vitals> vitals = new TreeMap<>();
    private final Map<String, Double> skews = new TreeMap<>();
    private String readOnly = "";
    private String walStatus = "reserved";

    Sights down(String node) {
        down.add(node);
        return this;
    }

    /** Every link into a node. */
    Sights lag(String node, double seconds) {
        lagSeconds.put(node, seconds);
        return this;
    }

    Sights vitals(String node, Sight.Vitals said) {
        vitals.put(node, said);
        return this;
    }

    /** Of every link out of a node. */
    Sights skew(String node, double seconds) {
        skews.put(node, seconds);
        return this;
    }

    Sights readOnly(String node) {
        readOnly = node;
        return this;
    }

    Sights walStatus(String status) {
        walStatus = status;
        return this;
    }

    Sight sight() {
        List<Status.Node> nodes = new ArrayList<>();
        List<Status.Link> links = new ArrayList<>();
        Map<String, Sight.Vitals> said = new TreeMap<>();
        for (int i = 0; i < NAMES.size(); i++) {
            String name = NAMES.get(i);
            boolean answers = !down.contains(name);
            nodes.add(
                    new Status.Node(
                            i + 1,
                            name,
                            "postgresql://%s/app".formatted(name),
                            answers ? "ready" : "down",
                            answers ? "" : "cannot connect",
                            answers ? "18.6" : "",
                            false,
                            readOnly.equals(name)));
            if (answers) {
                said.put(name, vitals.getOrDefault(name, new Sight.Vitals(false, false, 0)));
            }
            for (String to : NAMES) {
                if (!to.equals(name)) {
                    links.add(link(name, to));
                }
            }
        }
        return new Sight(
                Instant.parse("2026-11-20T08:00:00Z"),
                NAMES.stream()
                        .map(name ->
                                NodeAddress.parse("%1$s=postgresql://%1$s/app".formatted(name)))
                        .toList(),
                Optional.of(new Status("abcd", nodes, links, List.of())),
                "",
                said,
                Map.of(
                        "n1",
                        new Sight.Stock(
                                12,
                                Map.of("public.t", 2L),
                                Map.of(new Sight.Kind("insert_exists", "keep_local"), 3L))),
                Map.of("n4", 0.25),
                List.of(CONFLICT));
    }

    /** One took a millisecond at most, ten took longer, one of them more than a minute. */
    private static final List<Long> TOOK =
            List.of(1L, 4L, 3L, 2L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L);

    View view() {
        return new View(
                sight(),
                new Judge().look(sight()),
                System.nanoTime(),
                List.of(),
                Map.of(new LinkName(new NodeName("n2"), new NodeName("n1")), new Took(TOOK, 75.5)));
    }

    private Status.Link link(String from, String to) {
        boolean flows = !down.contains(from) && !down.contains(to);
        return new Status.Link(
                from,
                to,
                flows ? "streaming" : "down",
                flows ? "" : "an end cannot be reached",
                flows ? OptionalLong.of(4096) : OptionalLong.empty(),
                OptionalDouble.of(lagSeconds.getOrDefault(to, 0.25)),
                flows ? OptionalLong.of(8) : OptionalLong.empty(),
                OptionalDouble.of(skews.getOrDefault(from, -0.001)),
                "0/3000",
                "0/2800",
                "0/2000",
                "0/2000",
                70,
                700,
                3,
                "",
                Optional.of(
                        new Status.Slot(
                                "pgchorus_abcd_1_2",
                                flows,
                                "",
                                "0/1000",
                                "0/2000",
                                8192,
                                walStatus,
                                OptionalLong.of(1 << 20),
                                OptionalLong.of(1 << 30))),
                List.of(
                        new HeldChanges.HeldTable(
                                "public.h", 5, "23514", "fails", Optional.empty(), "now", "mend")),
                Status.Differences.NONE);
    }
}
