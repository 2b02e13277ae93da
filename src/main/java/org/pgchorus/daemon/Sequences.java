package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.Nearest;
import org.pgchorus.member.Member;
import org.pgchorus.member.Residues;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.SequenceSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** The sequences of a group: which may collide, and disjoint numbers for each node. No state. */
public final class Sequences {
    /** A client that keeps a transaction open for longer is named, and nothing is changed. */
    private static final int ATTEMPTS = 30;

    private static final long BETWEEN_MILLIS = 100;

    /** From here on somebody had better think of a wider type. */
    private static final double NEARLY = 0.75;

    private Sequences() {}

    /** How a sequence counts. */
    public enum State {
        /** Every node has numbers of its own. */
        SPREAD,
        /** Two nodes may give out the same number. */
        MAY_COLLIDE,
        /** It counts down, which is not spread. */
        COUNTS_DOWN;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A sequence as the nodes have it.
     *
     * @param columns those it numbers, {@code schema.table.column}
     * @param highest given out on any node, or in a column if it was just spread
     * @param most that the sequence and its columns hold
     * @param left numbers for each node
     * @param warning what is to be foreseen; empty if nothing is
     */
    public record Sequence(
            TableName name,
            List<String> columns,
            State state,
            long increment,
            long highest,
            long most,
            long left,
            String warning) {}

    /** One that can be spread and what is known of it at one node. */
    private record Found(
            TableName name,
            Set<Column> columns,
            boolean takesPart,
            long increment,
            long start,
            long min,
            long most,
            boolean cycles) {
        Found with(Found other) {
            Set<Column> all = new TreeSet<>(columns);
            all.addAll(other.columns);
            return new Found(
                    name,
                    all,
                    takesPart || other.takesPart,
                    increment,
                    start,
                    min,
                    Math.min(most, other.most),
                    cycles);
        }
    }

    private record Column(TableName table, String name) implements Comparable<Column> {
        @Override
        public int compareTo(Column other) {
            int byTable = table.compareTo(other.table);
            return byTable != 0 ? byTable : name.compareTo(other.name);
        }

        @Override
        public String toString() {
            return table + "." + name;
        }
    }

    /** Those that number a column that takes part, and those that were spread by name. */
    public static List<Sequence> list(Address any) {
        try (GroupSessions group = GroupSessions.open(any)) {
            return list(group, Set.of());
        }
    }

    private static List<Sequence> list(GroupSessions group, Collection<TableName> chosen) {
        Map<Integer, Map<TableName, Found>> found = new TreeMap<>();
        group.sessions().forEach((id, session) -> found.put(id, found(session)));
        Map<TableName, Found> asked = found.values().iterator().next();
        Optional<Residues> spread = Residues.of(group.sessions().values().iterator().next());
        List<Sequence> list = new ArrayList<>();
        asked.forEach((name, one) -> {
            boolean spreadByName = spread.isPresent() && one.increment == spread.get().nodes();
            if (chosen.isEmpty() ? one.takesPart || spreadByName : chosen.contains(name)) {
                list.add(shown(group, one, found, spread));
            }
        });
        return list;
    }

    private static Sequence shown(
            GroupSessions group,
            Found one,
            Map<Integer, Map<TableName, Found>> found,
            Optional<Residues> spread) {
        long highest = 0;
        boolean disjoint = spread.isPresent();
        for (Map.Entry<Integer, Map<TableName, Found>> node : found.entrySet()) {
            Found there = node.getValue().get(one.name);
            if (there == null) {
                continue;
            }
            highest = Math.max(highest, last(group.sessions().get(node.getKey()), one.name, true));
            disjoint &=
                    spread.filter(s ->
                                    there.increment == s.nodes()
                                            && s.from(there.start, node.getKey()) == there.start)
                            .isPresent();
        }
        long left = one.increment == 0 ? 0 : Math.max(0, (one.most - highest) / one.increment);
        State state =
                one.increment < 0 ? State.COUNTS_DOWN : disjoint ? State.SPREAD : State.MAY_COLLIDE;
        return new Sequence(
                one.name,
                one.columns.stream().map(Column::toString).toList(),
                state,
                one.increment,
                highest,
                one.most,
                left,
                warning(one, highest, left));
    }

    private static String warning(Found one, long highest, long left) {
        if (one.increment > 0 && highest > one.most * NEARLY) {
            return "%.0f %% of its %d numbers are used, %d are left for each node; make column and"
                            .formatted(100.0 * highest / one.most, one.most, left)
                    + " sequence bigint";
        }
        return one.cycles && one.increment > 1
                ? "it begins again at its end, with numbers that are there"
                : "";
    }

    /** The last number given out; 0 if none was. What comes first counts too, if it is not told. */
    private static long last(Session session, TableName sequence, boolean onlyGivenOut) {
        return session.first(
                        SequenceSql.last(sequence),
                        row -> row.truth(2) || !onlyGivenOut ? row.number(1) : row.number(1) - 1)
                .orElse(0L);
    }

    private static Map<TableName, Found> found(Session session) {
        Map<TableName, Found> found = new TreeMap<>();
        session.query(
                        SequenceSql.ALL,
                        row ->
                                new Found(
                                        new TableName(row.text(1), row.text(2)),
                                        row.maybe(5).isEmpty()
                                                ? Set.of()
                                                : Set.of(
                                                        new Column(
                                                                new TableName(
                                                                        row.text(3), row.text(4)),
                                                                row.text(5))),
                                        row.maybe(5).isPresent() && row.truth(6),
                                        row.number(7),
                                        row.number(8),
                                        row.number(9),
                                        row.number(10),
                                        row.truth(11)))
                .forEach(one -> found.merge(one.name, one, Found::with));
        return found;
    }

    /**
     * Gives every node numbers of its own, above all that are there. Clients that draw a number
     * meanwhile wait a moment.
     *
     * @param names which sequences; those of all columns that take part if empty
     * @param nodes for how many nodes; as it was before, or {@link Residues#USUAL}, if empty
     * @throws PgError.Refused if a node cannot be reached, or a sequence has no room
     */
    public static List<Sequence> spread(Address any, List<String> names, OptionalInt nodes)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any)) {
            group.requireAll("sequences are spread on all or on none");
            // Joins take their residues along, so none may begin or go on meanwhile.
            group.lockMembership(group.sessions(), "a change of the group's membership");
            Session asked = group.sessions().values().iterator().next();
            Optional<Residues> before = Residues.of(asked);
            Residues residues =
                    nodes.isPresent()
                            ? new Residues(nodes.getAsInt())
                            : before.orElse(new Residues(Residues.USUAL));
            requireDistinct(group, residues);
            Map<TableName, Found> all = found(asked);
            Set<TableName> chosen = chosen(all, names, before, residues);
            for (TableName name : chosen) {
                requireFit(group, all.get(name), residues);
            }
            group.onAllOrNone(
                    (id, session) ->
                            session.update(
                                    MemberSql.SET_SETTING,
                                    SequenceSql.SETTING,
                                    Integer.toString(residues.nodes())),
                    "it is noted");
            for (TableName name : chosen) {
                spread(group, all.get(name), residues);
            }
            return list(group, chosen);
        }
    }

    private static void requireDistinct(GroupSessions group, Residues residues) {
        for (Member one : group.members()) {
            for (Member other : group.members()) {
                if (residues.clash(one.id(), other.id())) {
                    throw PgError.refused(
                            ("for %d nodes, %s (id %d) and %s (id %d) would give out the same"
                                            + " numbers; spread for more: --nodes %d")
                                    .formatted(
                                            residues.nodes(),
                                            one.name(),
                                            one.id(),
                                            other.name(),
                                            other.id(),
                                            Integer.highestOneBit(Math.max(one.id(), other.id()))
                                                    * 2));
                }
            }
        }
    }

    private static Set<TableName> chosen(
            Map<TableName, Found> all,
            List<String> names,
            Optional<Residues> before,
            Residues residues) {
        Set<TableName> chosen = new TreeSet<>();
        // With another number of nodes, those that are spread have to be spread anew.
        boolean anew = names.isEmpty() || before.filter(b -> !b.equals(residues)).isPresent();
        for (Found one : all.values()) {
            boolean spread = before.filter(b -> one.increment == b.nodes()).isPresent();
            if (one.increment > 0 && (spread && anew || one.takesPart && names.isEmpty())) {
                chosen.add(one.name);
            }
        }
        for (String name : names) {
            List<TableName> matches =
                    all.keySet().stream()
                            .filter(it -> it.name().equals(name) || it.toString().equals(name))
                            .toList();
            if (matches.size() != 1) {
                List<String> known = all.keySet().stream().map(TableName::toString).toList();
                throw PgError.refused(
                        matches.isEmpty()
                                ? "there is no sequence %s%s"
                                        .formatted(name, Nearest.hint(name, known))
                                : "%s is not one sequence but %s; say which"
                                        .formatted(name, matches));
            }
            chosen.add(matches.getFirst());
        }
        return chosen;
    }

    /** Before anything is changed. */
    private static void requireFit(GroupSessions group, Found one, Residues residues) {
        if (one.increment < 0) {
            throw PgError.refused(
                    "sequence %s counts down; give each node a range of its own"
                            .formatted(one.name));
        }
        long top = highest(group, one);
        if (top + 2L * residues.nodes() > one.most) {
            throw PgError.refused(
                    ("sequence %s has given out %d of %d numbers, which leaves none for %d nodes;"
                                    + " make column and sequence bigint first")
                            .formatted(one.name, top, one.most, residues.nodes()));
        }
        group.sessions()
                .forEach((id, session) -> {
                    if (session.value(SequenceSql.EXISTS, Sql.name(one.name)).equals("f")) {
                        throw PgError.refused(
                                "node %s has no sequence %s; create it first"
                                        .formatted(group.name(id), one.name));
                    }
                });
    }

    /** Over all nodes: what is given out, and what is in the columns. */
    private static long highest(GroupSessions group, Found one) {
        long top = 0;
        for (Session session : group.sessions().values()) {
            top = Math.max(top, last(session, one.name, false));
            for (Column column : one.columns) {
                String question = SequenceSql.highest(column.table, column.name);
                if (session.value(SequenceSql.EXISTS, Sql.name(column.table)).equals("t")) {
                    top =
                            Math.max(
                                    top,
                                    session.first(question, row -> row.number(1, 0)).orElse(0L));
                }
            }
        }
        return top;
    }

    /** Waits for clients that have drawn a number in an open transaction, a second at a time. */
    private static void spread(GroupSessions group, Found one, Residues residues)
            throws InterruptedException {
        long inColumns = highest(group, one);
        for (int attempt = 1; ; attempt++) {
            try {
                group.allOrNone(
                        () -> place(group, one, residues, inColumns),
                        "sequence %s is spread".formatted(one.name));
                return;
            } catch (PgError.Busy e) {
                if (attempt >= ATTEMPTS
                        || group.sessions().values().stream().anyMatch(Session::isLost)) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(BETWEEN_MILLIS);
            }
        }
    }

    /** Once all nodes' sequences stand still, nothing higher can come than where they stand. */
    private static void place(GroupSessions group, Found one, Residues residues, long inColumns) {
        for (Session session : group.sessions().values()) {
            session.execute(SequenceSql.PATIENCE);
            session.execute(SequenceSql.stride(one.name, residues.nodes()));
        }
        long top = inColumns;
        for (Session session : group.sessions().values()) {
            top = Math.max(top, last(session, one.name, false));
        }
        for (Map.Entry<Integer, Session> node : group.sessions().entrySet()) {
            node.getValue()
                    .execute(
                            SequenceSql.place(
                                    one.name,
                                    residues.from(one.min, node.getKey()),
                                    residues.from(top + 1, node.getKey())));
        }
    }
}
