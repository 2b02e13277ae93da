package org.pgchorus.member;

import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.PublicationSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Takes back what a join made, whether it failed just now or was broken off long ago: what is not
 * there is passed over, so it can be repeated. One thread.
 *
 * <p>What to take back at the newcomer is read from its own journal. Rows are deleted only from
 * tables that the join found empty, behind a guard that lets no client write.
 */
final class JoinTakeBack {
    private static final long POLL_MILLIS = 50;
    private static final int POLLS = 200;

    private final String groupId;
    private final int id;

    JoinTakeBack(String groupId, int id) {
        this.groupId = groupId;
        this.id = id;
    }

    /**
     * At a node of the group; its note goes last.
     *
     * @param member its id
     */
    void at(int member, Session session) {
        session.update(MemberSql.FORGET_NODE, id, id, id, id, id, id);
        Installer.dropSlot(session, ObjectNames.link(groupId, member, id));
        Installer.dropOrigin(session, ObjectNames.link(groupId, id, member));
        session.update(JoinSql.FORGET, id);
    }

    /** At the newcomer, if it is the one of this join. */
    void atNewcomer(Session newcomer) throws InterruptedException {
        endWorkers(newcomer);
        Optional<JoinEntry> own = JoinEntry.own(newcomer).filter(entry -> entry.id() == id);
        if (own.isEmpty()) {
            return;
        }
        Identity identity = Identity.of(newcomer).orElseThrow();
        Installer.dropSlots(newcomer, groupId);
        Installer.dropOrigins(newcomer, identity);
        List<String> statements = statements(newcomer, own.get());
        newcomer.inTransaction(() -> {
            newcomer.execute(JoinSql.UNGUARD);
            statements.forEach(newcomer::execute);
            newcomer.execute(PublicationSql.DROP);
            newcomer.execute(Sql.script("remove.sql"));
            return 0;
        });
    }

    private static List<String> statements(Session newcomer, JoinEntry entry) {
        List<String> statements = new ArrayList<>();
        Set<String> done = new HashSet<>(newcomer.query(JoinSql.STEPS, row -> row.text(1)));
        if (entry.tablesFrom().equals("copy")) {
            statements.addAll(newcomer.query(JoinSql.ITEMS, row -> row.text(3), "undo"));
        } else if (entry.rowsFrom().equals("copy") && done.contains("shut")) {
            List<TableName> filled =
                    tables(newcomer).stream()
                            .filter(table -> Catalog.describe(newcomer, table).isPresent())
                            .toList();
            if (!filled.isEmpty()) {
                statements.add(CopySql.empty(filled));
            }
        }
        return statements;
    }

    /** The tables that take part, as the newcomer's journal has them. */
    static List<TableName> tables(Session newcomer) {
        return newcomer.query(
                JoinSql.ITEMS, row -> new TableName(row.text(2), row.text(3)), "table");
    }

    /** A killed join's copying sessions go on until they notice. */
    private static void endWorkers(Session session) throws InterruptedException {
        for (int poll = 0; !session.value(JoinSql.WORKERS).equals("0"); poll++) {
            if (poll > POLLS) {
                throw PgError.busy("sessions of an earlier join do not end at " + session.where());
            }
            session.query(JoinSql.END_WORKERS, row -> 0);
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }
}
