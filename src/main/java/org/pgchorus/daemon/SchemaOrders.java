package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.Member;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DdlSql;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Changes of the schema that go to all nodes: where they stand, and saying one. No state. */
public final class SchemaOrders {
    private SchemaOrders() {}

    /**
     * Where a statement stands at one node.
     *
     * @param state applied, held, skipped, local, {@code not yet}, or {@code unknown} if the node
     *     cannot be reached
     * @param reason why, where that is not plain
     */
    public record Standing(String node, String state, String reason, String time) {}

    /** A statement, where and when it was said, and where it stands. */
    public record Statement(
            String id, String node, String said, String role, String text, List<Standing> nodes) {}

    private record Entry(
            String id,
            int node,
            String said,
            String role,
            String text,
            String state,
            String reason,
            String done) {}

    /** The statements of all nodes, the newest first. */
    public static List<Statement> list(Address any, int limit) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Map<String, Map<Integer, Entry>> found = new TreeMap<>();
            group.sessions()
                    .forEach((id, session) -> {
                        for (Entry entry : entries(session, limit)) {
                            found.computeIfAbsent(entry.id, _ -> new TreeMap<>()).put(id, entry);
                        }
                    });
            Map<Integer, String> added = new TreeMap<>();
            group.sessions()
                    .get(group.entry())
                    .query(DdlSql.ADDED, row -> added.put((int) row.number(1), row.text(2)));
            return found.values().stream()
                    .map(entries -> statement(group, entries, added))
                    .sorted(Comparator.comparing(Statement::said).reversed())
                    .limit(limit)
                    .toList();
        }
    }

    private static List<Entry> entries(Session session, int limit) {
        return session.query(
                DdlSql.LIST,
                row ->
                        new Entry(
                                row.text(1),
                                (int) row.number(2),
                                row.text(3),
                                row.text(4),
                                row.text(5),
                                row.text(6),
                                row.text(7),
                                row.text(8)),
                limit);
    }

    /**
     * @param added when each node came: what was said before came with its copy
     */
    private static Statement statement(
            GroupSessions group, Map<Integer, Entry> entries, Map<Integer, String> added) {
        Entry any = entries.values().iterator().next();
        List<Standing> nodes = new ArrayList<>();
        for (Member member : group.members()) {
            Entry entry = entries.get(member.id());
            String name = member.name().text();
            if (entry != null) {
                nodes.add(new Standing(name, entry.state, entry.reason, entry.done));
            } else if (!group.sessions().containsKey(member.id())) {
                nodes.add(new Standing(name, "unknown", group.problems().get(member.id()), ""));
            } else if (!any.state.equals("local")
                    && added.getOrDefault(member.id(), "").compareTo(any.said) < 0) {
                nodes.add(new Standing(name, "not yet", "", ""));
            }
        }
        return new Statement(any.id, group.name(any.node), any.said, any.role, any.text, nodes);
    }

    /**
     * Runs statements on one node and says them to the others, in one transaction; one that the
     * server refuses in a transaction has to be alone.
     *
     * @return how many
     */
    public static int execute(Address any, String sql) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Session session = group.sessions().get(group.entry());
            List<String> statements =
                    session.first(DdlSql.SPLIT, row -> row.texts(1), sql).orElseThrow();
            if (statements.isEmpty()) {
                throw PgError.refused("there is no statement in: " + sql);
            }
            boolean captured = session.value(DdlSql.IS_CAPTURED).equals("t");
            session.execute(captured ? DdlSql.CAPTURED : DdlSql.OURS);
            if (statements.size() == 1 && DdlSql.isAlone(statements.getFirst())) {
                session.execute(statements.getFirst());
                if (!captured) {
                    session.value(DdlSql.SAY, statements.getFirst(), statements.getFirst());
                }
                return 1;
            }
            session.inTransaction(() -> {
                for (String statement : statements) {
                    if (captured) {
                        session.execute(statement);
                    } else {
                        make(session, statement);
                    }
                }
                return 0;
            });
            return statements.size();
        }
    }

    private static void make(Session session, String statement) {
        session.value(DdlSql.MAKE_WAY, statement, session.value("SHOW search_path"));
        session.execute(statement);
        session.value(DdlSql.SAY, statement, statement);
    }
}
