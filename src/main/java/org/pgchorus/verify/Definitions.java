package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Table;
import org.pgchorus.sql.DefinitionSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;

/**
 * How the definitions of a table are not the same on all nodes, beside its columns' types: rows can
 * be compared all the same.
 *
 * @param unlike what makes nodes take different rows, one sentence each
 * @param hints indexes that are on some nodes only, which is everybody's own business
 */
record Definitions(List<String> unlike, List<String> hints) {
    /** What a table is made of. */
    private record Part(String kind, String subject) implements Comparable<Part> {
        @Override
        public int compareTo(Part other) {
            int byKind = kind.compareTo(other.kind);
            return byKind != 0 ? byKind : subject.compareTo(other.subject);
        }

        @Override
        public String toString() {
            return kind + " " + subject;
        }
    }

    /** Reads and compares them; each node with the first. */
    static Definitions of(List<Side> sides, Executor executor) throws Unreadable {
        Map<NodeName, Map<Part, String>> all =
                Sides.ask(sides, Side::name, Definitions::parts, executor);
        List<String> unlike = new ArrayList<>();
        List<String> hints = new ArrayList<>();
        NodeName first = sides.getFirst().name();
        for (Side side : sides.subList(1, sides.size())) {
            NodeName other = side.name();
            Map<Part, String> one = all.get(first);
            Map<Part, String> two = all.get(other);
            one.forEach((part, definition) -> {
                Optional<String> found = Optional.ofNullable(two.get(part));
                if (found.isEmpty()) {
                    (isHint(part) ? hints : unlike).add(lacks(other, part, first));
                } else if (!found.get().equals(definition)) {
                    unlike.add(
                            "%s is %s on %s and %s on %s"
                                    .formatted(
                                            part,
                                            said(definition),
                                            first,
                                            said(found.get()),
                                            other));
                }
            });
            two.keySet().stream()
                    .filter(part -> !one.containsKey(part))
                    .forEach(
                            part -> (isHint(part) ? hints : unlike).add(lacks(first, part, other)));
        }
        return new Definitions(List.copyOf(unlike), List.copyOf(hints));
    }

    private static boolean isHint(Part part) {
        return part.kind.equals("index");
    }

    private static String lacks(NodeName node, Part part, NodeName other) {
        return "%s lacks %s of %s".formatted(node, part, other);
    }

    private static String said(String definition) {
        return definition.isEmpty() ? "plain" : definition;
    }

    private static Map<Part, String> parts(Side side) {
        Table table = side.table();
        Map<Part, String> parts = new TreeMap<>();
        side.node()
                .session()
                .query(
                        DefinitionSql.DEFINITIONS,
                        row ->
                                parts.merge(
                                        new Part(row.text(1), row.text(2)),
                                        row.text(3),
                                        (a, b) -> a + "; " + b),
                        table.oid(),
                        table.oid(),
                        table.oid());
        return parts;
    }
}
