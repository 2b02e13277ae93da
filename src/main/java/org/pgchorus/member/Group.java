package org.pgchorus.member;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HealSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.NodeSql;
import org.pgchorus.sql.PublicationSql;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes groups, and says which tables they replicate. */
public final class Group {
    /** The setting that holds the patterns tables are chosen by, separated by commas. */
    static final String TABLES_SETTING = "tables";

    private Group() {}

    /**
     * Makes a database the first node of a new group. All or nothing.
     *
     * @param patterns which tables take part; all if empty
     * @return what was found worth knowing
     */
    public static List<Finding> create(NodeAddress node, List<TablePattern> patterns) {
        try (Session session = Session.open(node.address(), "pgchorus")) {
            refuseMember(session, node);
            List<TableName> tables = select(session, patterns);
            List<Finding> findings = new Examiner(session, node.name().text(), 1).examine(tables);
            Finding.requireNone(findings);
            password(node).ifPresent(findings::add);
            Identity identity = new Identity(random(4), 1, node.name());
            Member member = new Member(1, node.name(), node.address(), "ready");
            session.inTransaction(() -> {
                Installer.install(
                        session,
                        identity,
                        List.of(member),
                        Map.of(TABLES_SETTING, join(patterns), Capture.KEY_SETTING, random(32)),
                        Map.of(),
                        tables);
                return 0;
            });
            return findings;
        }
    }

    private static String random(int bytes) {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /** The group's catalog has addresses without passwords; the links go by those. */
    private static Optional<Finding> password(NodeAddress node) {
        if (node.address().password().isEmpty()) {
            return Optional.empty();
        }
        try (Session _ = Session.open(node.address().withoutPassword(), "pgchorus")) {
            return Optional.empty();
        } catch (PgError.Refused | PgError.Busy e) {
            return Optional.of(
                    new Finding(
                            node.name().text(),
                            "password",
                            Finding.Severity.NOTE,
                            ("the password given is stored nowhere, and without it daemons and"
                                            + " other commands cannot connect (%s)")
                                    .formatted(e.getMessage()),
                            "put it into ~/.pgpass, or name a file with passfile=... in the"
                                    + " address, wherever pgchorus runs"));
        }
    }

    static void refuseMember(Session session, NodeAddress node) {
        Following.of(session)
                .ifPresent(following -> {
                    throw PgError.refused(
                            ("the database at %s is follower %s of %s; to make it one of its own:"
                                            + " pgchorus node take-over %s")
                                    .formatted(
                                            node.address().text(),
                                            following.name(),
                                            following.provider().text(),
                                            node.address().text()));
                });
        Identity.of(session)
                .ifPresent(identity -> {
                    throw PgError.refused(
                            ("the database at %s is node %s of group %s already;"
                                            + " to make it plain again:"
                                            + " pgchorus node remove %s")
                                    .formatted(
                                            node.address().text(),
                                            identity.name(),
                                            identity.groupId(),
                                            node.address().text()));
                });
    }

    private static List<TableName> select(Session session, List<TablePattern> patterns) {
        List<TableName> all = Catalog.userTables(session);
        List<TableName> chosen =
                all.stream()
                        .filter(t -> patterns.isEmpty() || TablePattern.selects(patterns, t))
                        .toList();
        for (TablePattern pattern : patterns) {
            if (!pattern.excludes() && all.stream().noneMatch(pattern::matches)) {
                throw PgError.refused(
                        "no table matches %s; there are: %s".formatted(pattern, listed(all)));
            }
        }
        return chosen;
    }

    private static String listed(Collection<TableName> tables) {
        return tables.isEmpty()
                ? "none"
                : String.join(", ", tables.stream().map(TableName::toString).limit(20).toList());
    }

    private static String join(List<TablePattern> patterns) {
        return String.join(",", patterns.stream().map(TablePattern::toString).toList());
    }

    /**
     * Adds a table on every node of the group; it must exist on all of them. Rows that are in it
     * are not copied.
     *
     * @param sessions one on each node
     */
    public static void addTable(List<Session> sessions, TableName table) {
        List<Finding> findings = new ArrayList<>();
        for (Session session : sessions) {
            if (Catalog.describe(session, table).isEmpty()) {
                throw PgError.refused(
                        "table %s does not exist at %s; create it first"
                                .formatted(table, session.where()));
            }
            findings.addAll(
                    new Examiner(session, session.where(), 1).examineTables(List.of(table)));
        }
        Finding.requireNone(findings);
        for (Session session : sessions) {
            session.inTransaction(() -> {
                Installer.triggers(session, table);
                if (!Catalog.published(session).contains(table)) {
                    session.execute(PublicationSql.add(table));
                }
                ReadOnly.cover(session, table);
                return 0;
            });
        }
    }

    /** Takes a table out on every node; its rows stay everywhere. */
    public static void removeTable(List<Session> sessions, TableName table) {
        for (Session session : sessions) {
            if (!Catalog.published(session).contains(table)) {
                throw PgError.refused(
                        "table %s does not take part at %s; those that do: %s"
                                .formatted(
                                        table,
                                        session.where(),
                                        listed(Catalog.published(session))));
            }
        }
        for (Session session : sessions) {
            session.inTransaction(() -> {
                session.execute(PublicationSql.drop(table));
                Installer.dropTriggers(session, table);
                TablePolicy.forget(session, table);
                return 0;
            });
        }
    }

    /** Tells a newcomer what is done about orphans. */
    static void copyOrphanPolicies(Session from, Session to) {
        from.query(
                        HealSql.POLICIES,
                        row -> List.of(row.text(1), row.text(2), row.text(3), row.text(4)))
                .forEach(policy -> to.update(HealSql.SET_POLICY, policy));
    }

    /** Tells a newcomer which nodes are paused or read-only. */
    static void copyNodeOrders(Session from, Session to) {
        from.query(NodeSql.CONTROLS, row -> List.of(row.text(1), row.text(2), row.text(3)))
                .forEach(order -> to.update(NodeSql.COPY, order));
    }

    /** The group's settings as one node holds them. */
    static Map<String, String> settings(Session session) {
        Map<String, String> settings = new java.util.TreeMap<>();
        session.query(MemberSql.SETTINGS, row -> Map.entry(row.text(1), row.text(2)))
                .forEach(entry -> settings.put(entry.getKey(), entry.getValue()));
        return settings;
    }
}
