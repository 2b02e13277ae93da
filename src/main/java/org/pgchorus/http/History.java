package org.pgchorus.http;

import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Status;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What changed from look to look: nodes and links that come and go, tables that are held, joins,
 * balancers' answers. Pure; one thread.
 *
 * <p>A first look tells only what is not well. While a look sees nothing, nothing is said to have
 * changed.
 */
final class History {
    /** The newest are kept. */
    static final int KEPT = 300;

    private final List<Happening> kept = new ArrayList<>();
    private Map<String, Fact> before = Map.of();
    private long number;

    /** How something stands. Equal words mean that nothing changed. */
    private record Fact(String subject, String word, Happening.Level level, String text) {}

    /** Compares with the look before; returns the newest happenings, the oldest first. */
    List<Happening> look(View view) {
        if (view.status().isPresent()) {
            Map<String, Fact> now = facts(view);
            now.forEach((what, fact) -> {
                Fact last = before.get(what);
                boolean firstAndWell = last == null && fact.level == Happening.Level.GOOD;
                if (!firstAndWell && (last == null || !last.word.equals(fact.word))) {
                    add(view, fact);
                }
            });
            before.forEach((what, fact) -> {
                if (!now.containsKey(what) && fact.level != Happening.Level.GOOD) {
                    add(view, gone(fact));
                }
            });
            before = now;
        }
        return List.copyOf(kept);
    }

    private void add(View view, Fact fact) {
        number++;
        kept.add(new Happening(number, view.taken(), fact.level, fact.subject, fact.text));
        if (kept.size() > KEPT) {
            kept.removeFirst();
        }
    }

    private static Fact gone(Fact fact) {
        return new Fact(fact.subject, "", Happening.Level.GOOD, "no more: " + fact.text);
    }

    private static Map<String, Fact> facts(View view) {
        Map<String, Fact> facts = new LinkedHashMap<>();
        Status status = view.status().orElseThrow();
        for (Status.Node node : status.nodes()) {
            facts.put("node " + node.name(), node(node));
            Optional.ofNullable(view.standings().get(node.name()))
                    .filter(_ -> !node.state().equals("joining"))
                    .ifPresent(standing ->
                            facts.put("writable " + node.name(), writable(node, standing)));
        }
        for (Status.Link link : status.links()) {
            String name = link.from() + "->" + link.to();
            facts.put("link " + name, link(name, link));
            for (HeldChanges.HeldTable held : link.held()) {
                facts.put("held " + name + " " + held.table(), held(name, held));
            }
        }
        return facts;
    }

    private static Fact node(Status.Node node) {
        boolean well = node.state().equals("ready") || node.state().equals("following");
        String orders = (node.paused() ? ", paused" : "") + (node.readOnly() ? ", read-only" : "");
        Happening.Level level =
                !well && !node.state().equals("joining")
                        ? Happening.Level.BAD
                        : well && orders.isEmpty() ? Happening.Level.GOOD : Happening.Level.NOTE;
        String why = node.problem().isEmpty() || well ? "" : ": " + node.problem();
        return new Fact(
                node.name(), node.state() + orders, level, "is " + node.state() + orders + why);
    }

    private static Fact writable(Status.Node node, Standing standing) {
        return standing.writable()
                ? new Fact(node.name(), "in", Happening.Level.GOOD, "takes clients that write")
                : new Fact(
                        node.name(),
                        "out",
                        Happening.Level.NOTE,
                        "takes no clients that write: " + String.join("; ", standing.reasons()));
    }

    private static Fact link(String name, Status.Link link) {
        Happening.Level level =
                switch (link.state()) {
                    case "streaming" -> Happening.Level.GOOD;
                    case "paused", "starting" -> Happening.Level.NOTE;
                    default -> Happening.Level.BAD;
                };
        String why = link.reason().isEmpty() ? "" : ": " + link.reason();
        return new Fact(name, link.state(), level, "is " + link.state() + why);
    }

    private static Fact held(String name, HeldChanges.HeldTable held) {
        return new Fact(
                name,
                held.sqlState(),
                Happening.Level.BAD,
                "table %s is held, SQLSTATE %s: %s"
                        .formatted(held.table(), held.sqlState(), held.message()));
    }
}
