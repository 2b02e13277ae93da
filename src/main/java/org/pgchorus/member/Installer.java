package org.pgchorus.member;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.PublicationSql;
import org.pgchorus.sql.Sql;
import org.pgchorus.sql.TableSql;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Puts our objects into a database and takes them out again; each call belongs into one transaction
 * of the caller's.
 */
final class Installer {
    /** Ten seconds, at a tenth each. */
    private static final int RELEASE_ATTEMPTS = 100;

    private Installer() {}

    /** Schema, identity, policies, publication and triggers. */
    static void install(
            Session session,
            Identity identity,
            List<Member> members,
            Map<String, String> settings,
            Map<TableName, Policy> policies,
            List<TableName> tables) {
        found(session, identity, members, settings);
        arrange(session, policies, tables);
    }

    /** Schema, identity and settings, but nothing yet that has to do with tables. */
    static void found(
            Session session,
            Identity identity,
            List<Member> members,
            Map<String, String> settings) {
        session.execute(Sql.script("install.sql"));
        session.execute(Sql.script("repair.sql"));
        session.execute(Sql.script("ddl.sql"));
        session.update(MemberSql.BECOME, identity.groupId(), identity.nodeId(), identity.name());
        Surface.install(session);
        for (Member member : members) {
            addMember(session, member);
        }
        settings.forEach((name, value) -> session.update(MemberSql.SET_SETTING, name, value));
        session.query(
                MemberSql.CREATE_ORIGIN,
                row -> 0,
                ObjectNames.selfOrigin(identity.groupId(), identity.nodeId()));
    }

    /** Triggers, policies and the publication. */
    static void arrange(Session session, Map<TableName, Policy> policies, List<TableName> tables) {
        tables.forEach(table -> triggers(session, table));
        policies.forEach((table, policy) -> TablePolicy.set(session, table, policy));
        session.execute(PublicationSql.create(tables));
        Capture.install(session);
    }

    static void addMember(Session session, Member member) {
        session.update(
                MemberSql.ADD_MEMBER,
                member.id(),
                member.name(),
                member.address().text(),
                member.state());
    }

    /** Triggers that leave tombstones; made anew if they are there. */
    static void triggers(Session session, TableName name) {
        Catalog.Described described =
                Catalog.describe(session, name)
                        .orElseThrow(() ->
                                PgError.refused(
                                        "table %s does not exist at %s; create it first"
                                                .formatted(name, session.where())));
        session.execute(TableSql.triggers(described.table(), described.inherits()));
    }

    /** Takes a table's triggers away, if the table still exists. */
    static void dropTriggers(Session session, TableName name) {
        Catalog.describe(session, name)
                .ifPresent(d -> session.execute(TableSql.dropTriggers(d.table())));
    }

    /**
     * Removes everything of a group from a database; idempotent. Our schema goes last: it says
     * whose the origins are, which belong to the server, and another node may live on it.
     */
    static void remove(Session session, String groupId) {
        dropSlots(session, groupId);
        Identity.of(session)
                .filter(identity -> identity.groupId().equals(groupId))
                .ifPresent(identity -> dropOrigins(session, identity));
        session.inTransaction(() -> {
            session.execute(PublicationSql.DROP);
            session.execute(Sql.script("remove.sql"));
            return 0;
        });
    }

    /** Drops the slots that this database has for other nodes of a group. */
    static void dropSlots(Session session, String groupId) {
        for (String slot : session.query(MemberSql.SLOTS_OF, row -> row.text(1), groupId)) {
            dropSlot(session, slot);
        }
    }

    /** Drops the origins of what is applied at a node; other nodes may live on its server. */
    static void dropOrigins(Session session, Identity node) {
        session.query(MemberSql.ORIGINS_OF, row -> row.text(1), node.groupId()).stream()
                .filter(origin -> isOf(node.groupId(), node.nodeId(), origin))
                .forEach(origin -> dropOrigin(session, origin));
    }

    /** Whether an origin of a node's group stands for what is applied at that node. */
    static boolean isOf(String group, int id, String origin) {
        return origin.equals(ObjectNames.selfOrigin(group, id))
                || origin.equals(ObjectNames.undoOrigin(group, id))
                || origin.equals(ObjectNames.exchangeOrigin(group, id))
                || origin.equals(ObjectNames.repairOrigin(group, id))
                || origin.matches(Pattern.quote("pgchorus_" + group) + "_\\d+_" + id)
                || origin.startsWith("pgchorus_%s_copy_%d_".formatted(group, id));
    }

    /** Drops an origin if it is there, once whoever uses it has ended. */
    static void dropOrigin(Session session, String origin) {
        untilFree(session, () -> session.query(MemberSql.DROP_ORIGIN, row -> 0, origin));
    }

    /** Drops a slot if it is there, ending whoever reads it. */
    static void dropSlot(Session session, String slot) {
        untilFree(
                session,
                () -> {
                    session.query(MemberSql.END_STREAM, row -> 0, slot);
                    session.query(MemberSql.DROP_SLOT, row -> 0, slot);
                });
    }

    /** Whoever uses it needs a moment to notice. */
    private static void untilFree(Session session, Runnable drop) {
        for (int attempt = 0; ; attempt++) {
            try {
                drop.run();
                return;
            } catch (PgError.Busy e) {
                if (attempt >= RELEASE_ATTEMPTS) {
                    throw e;
                }
                session.value("SELECT pg_catalog.pg_sleep(0.1)");
            }
        }
    }
}
