package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.TablePattern;
import org.pgchorus.conflict.Healing;
import org.pgchorus.member.Member;
import org.pgchorus.model.ConstraintName;
import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.ForeignKeys;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HealSql;
import org.pgchorus.sql.OrphanSql;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Child rows whose parent is missing, over all nodes of a group, and what is to be done about them.
 * No state.
 */
public final class Orphans {
    /** A list that nobody reads to its end; it says that it was cut. */
    private static final long MOST = 10_000;

    private Orphans() {}

    /** The words for what can be done. */
    public static List<String> policyNames() {
        return Stream.of(Healing.values()).map(Healing::toString).toList();
    }

    /**
     * A row whose parent is missing.
     *
     * @param key a JSON object, as is what it refers to
     * @param nodes where it is one
     * @param displaced whether the parent is only displaced
     * @param state what the healing node says of it; empty if it says nothing
     */
    public record Orphan(
            String constraint,
            String table,
            String parent,
            String key,
            String reference,
            String policy,
            List<String> nodes,
            boolean displaced,
            String state) {}

    /**
     * What was found.
     *
     * @param asked names of the nodes that answered
     * @param cut whether there are more of some constraint than are listed
     * @param unreachable why others did not answer
     */
    public record Found(
            List<Orphan> orphans, List<String> asked, boolean cut, List<String> unreachable) {
        /** Whether all that were asked have the same. */
        public boolean agree() {
            return orphans.stream().allMatch(orphan -> orphan.nodes.size() == asked.size());
        }
    }

    /** A foreign key between replicated tables, with what is done about its orphans. */
    public record Chosen(String constraint, String table, String parent, String policy) {}

    /**
     * Something that was healed. Key and row are JSON objects.
     *
     * @param row the child as it was, or the parent that was restored
     */
    public record Healed(
            String time,
            String node,
            String constraint,
            String table,
            String action,
            String key,
            String row) {}

    private record Id(ConstraintName constraint, String key, String reference)
            implements Comparable<Id> {
        private static final Comparator<Id> ORDER =
                Comparator.comparing(Id::constraint)
                        .thenComparing(Id::key)
                        .thenComparing(Id::reference);

        @Override
        public int compareTo(Id other) {
            return ORDER.compare(this, other);
        }
    }

    /** All orphans, on all nodes or on one. */
    public static Found list(Address any, Optional<NodeName> node) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Collector all = new Collector();
            List<String> asked = new ArrayList<>();
            List<String> unreachable = new ArrayList<>();
            for (Member member : chosen(group, node)) {
                try {
                    all.ask(member.name().text(), group.session(member));
                    asked.add(member.name().text());
                } catch (PgError.Busy e) {
                    unreachable.add(e.getMessage());
                }
            }
            return new Found(all.orphans(), List.copyOf(asked), all.cut, List.copyOf(unreachable));
        }
    }

    private static List<Member> chosen(GroupSessions group, Optional<NodeName> node) {
        return node.map(name -> List.of(group.member(name))).orElse(group.members());
    }

    /** Brings together what the nodes say. */
    private static final class Collector {
        private final Map<Id, Set<String>> nodes = new TreeMap<>();
        private final Map<Id, String> parents = new TreeMap<>();
        private final Set<Id> displaced = new TreeSet<>();
        private final Map<ConstraintName, Healing> policies = new TreeMap<>();
        private final Map<String, String> states = new TreeMap<>();
        private boolean cut;

        void ask(String node, Session session) {
            for (ForeignKey fk : ForeignKeys.between(session, id -> true)) {
                List<Id> found =
                        session.query(
                                OrphanSql.find(fk, false),
                                row -> {
                                    Id id = new Id(fk.id(), row.text(1), row.text(2));
                                    if (row.truth(3)) {
                                        displaced.add(id);
                                    }
                                    return id;
                                },
                                MOST);
                cut |= found.size() == MOST;
                for (Id id : found) {
                    nodes.computeIfAbsent(id, _ -> new TreeSet<>()).add(node);
                    parents.put(id, fk.parent().name().toString());
                }
            }
            policies.putAll(policies(session));
            session.query(
                            HealSql.STATES,
                            row -> Map.entry(stateKey(constraint(row), row.text(4)), row.text(5)))
                    .forEach(state -> states.put(state.getKey(), state.getValue()));
        }

        private static String stateKey(ConstraintName constraint, String key) {
            return constraint + " " + key;
        }

        List<Orphan> orphans() {
            return nodes.entrySet().stream()
                    .map(entry -> orphan(entry.getKey(), List.copyOf(entry.getValue())))
                    .toList();
        }

        private Orphan orphan(Id id, List<String> on) {
            return new Orphan(
                    id.constraint.name(),
                    id.constraint.table().toString(),
                    parents.get(id),
                    id.key,
                    id.reference,
                    policies.getOrDefault(id.constraint, Healing.REPORT).toString(),
                    on,
                    displaced.contains(id),
                    states.getOrDefault(stateKey(id.constraint, id.key), ""));
        }
    }

    private static ConstraintName constraint(Session.Answer row) {
        return new ConstraintName(new TableName(row.text(1), row.text(2)), row.text(3));
    }

    /** The policies that are not just to report, as one node has them. */
    static Map<ConstraintName, Healing> policies(Session session) {
        Map<ConstraintName, Healing> policies = new TreeMap<>();
        session.query(
                        HealSql.POLICIES,
                        row -> Map.entry(constraint(row), Healing.parse(row.text(4))))
                .forEach(entry -> policies.put(entry.getKey(), entry.getValue()));
        return policies;
    }

    /** What was healed, the newest first, over all nodes or on one. */
    public static Conflicts.Answer<Healed> healed(Address any, Optional<NodeName> node, int limit) {
        try (GroupSessions group = GroupSessions.open(any)) {
            List<Healed> found = new ArrayList<>();
            List<String> unreachable = new ArrayList<>();
            for (Member member : chosen(group, node)) {
                Session session = group.sessions().get(member.id());
                if (session == null) {
                    unreachable.add(group.problems().get(member.id()));
                } else {
                    found.addAll(
                            session.query(
                                    HealSql.HEALED,
                                    row -> healed(member.name().text(), row),
                                    limit));
                }
            }
            return new Conflicts.Answer<>(
                    found.stream()
                            .sorted(Comparator.comparing(Healed::time).reversed())
                            .limit(limit)
                            .toList(),
                    List.copyOf(unreachable));
        }
    }

    private static Healed healed(String node, Session.Answer row) {
        return new Healed(
                row.text(1),
                node,
                row.text(4),
                row.text(2) + "." + row.text(3),
                row.text(5),
                row.text(6),
                row.text(7));
    }

    /** The foreign keys between replicated tables, as the asked node has them. */
    public static List<Chosen> foreignKeys(Address any) {
        try (Session session = Session.open(any, "pgchorus")) {
            GroupSessions.requireMember(session);
            Map<ConstraintName, Healing> policies = policies(session);
            return ForeignKeys.between(session, id -> true).stream()
                    .map(fk ->
                            new Chosen(
                                    fk.name(),
                                    fk.child().name().toString(),
                                    fk.parent().name().toString(),
                                    policies.getOrDefault(fk.id(), Healing.REPORT).toString()))
                    .toList();
        }
    }

    /**
     * Chooses what is done about the orphans of one foreign key, on every node.
     *
     * @param table says which, where several tables have a constraint of that name
     * @param policy one of {@link #policyNames}
     * @throws IllegalArgumentException if it is none of them
     */
    public static Chosen choose(
            Address any, String constraint, Optional<String> table, String policy) {
        Healing healing = Healing.parse(policy);
        try (GroupSessions group = GroupSessions.open(any)) {
            List<Session> sessions = group.all();
            ConstraintName id = named(sessions.getFirst(), constraint, table);
            ForeignKey key = null;
            for (Session session : sessions) {
                key = permitted(session, id, healing);
            }
            for (Session session : sessions) {
                set(session, id, healing);
                ParentImages.arrange(session);
            }
            return new Chosen(
                    id.name(), id.table().toString(), key.parent().name().toString(), policy);
        }
    }

    private static ConstraintName named(
            Session session, String constraint, Optional<String> table) {
        List<ConstraintName> all =
                ForeignKeys.between(session, id -> true).stream().map(ForeignKey::id).toList();
        Optional<TablePattern> pattern = table.map(TablePattern::parse);
        List<ConstraintName> matches =
                all.stream()
                        .filter(id -> id.name().equals(constraint))
                        .filter(id -> pattern.isEmpty() || pattern.get().matches(id.table()))
                        .toList();
        if (matches.size() != 1) {
            throw PgError.refused(
                    matches.isEmpty()
                            ? "there is no foreign key %s between replicated tables; there are: %s"
                                    .formatted(constraint, all)
                            : "%s is not one foreign key but %s; say which with --table"
                                    .formatted(constraint, matches));
        }
        return matches.getFirst();
    }

    /** The foreign key at one node, if it can be healed that way there. */
    private static ForeignKey permitted(Session session, ConstraintName id, Healing healing) {
        ForeignKey fk =
                ForeignKeys.between(session, id::equals).stream()
                        .findFirst()
                        .orElseThrow(() ->
                                PgError.refused(
                                        ("foreign key %s does not exist at %s, or not between"
                                                        + " replicated tables; a policy is for all"
                                                        + " nodes, so create it there first")
                                                .formatted(id, session.where())));
        Optional<String> obstacle =
                switch (healing) {
                    case REPORT -> Optional.empty();
                    case RESTORE_PARENT -> keyless(fk.parent());
                    case REMOVE_CHILD -> keyless(fk.child());
                    case SET_NULL -> keyless(fk.child()).or(() -> notNull(fk));
                };
        if (healing != Healing.REPORT && fk.period()) {
            obstacle = Optional.of("it has a PERIOD, and those can only be reported");
        }
        obstacle.ifPresent(why -> {
            throw PgError.refused(
                    "orphans of %s cannot be healed by %s at %s: %s"
                            .formatted(id, healing, session.where(), why));
        });
        return fk;
    }

    private static Optional<String> keyless(org.pgchorus.model.Table table) {
        return table.hasKey()
                ? Optional.empty()
                : Optional.of("table %s has no key; give it a primary key".formatted(table.name()));
    }

    private static Optional<String> notNull(ForeignKey fk) {
        if (!fk.settable().isEmpty()) {
            return Optional.empty();
        }
        String column =
                fk.pairs().stream()
                        .filter(pair -> !pair.nullable())
                        .findFirst()
                        .orElseThrow()
                        .child();
        return Optional.of(
                ("column %s cannot be NULL; on every node: ALTER TABLE %s ALTER COLUMN %s DROP NOT"
                                + " NULL, or choose remove-child or restore-parent")
                        .formatted(column, fk.child().name(), column));
    }

    private static void set(Session session, ConstraintName id, Healing healing) {
        TableName table = id.table();
        if (healing == Healing.REPORT) {
            session.update(HealSql.FORGET_POLICY, table.schema(), table.name(), id.name());
        } else {
            session.update(HealSql.SET_POLICY, table.schema(), table.name(), id.name(), healing);
        }
    }
}
