package org.pgchorus.member;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.PolicySql;
import org.pgchorus.sql.TableSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Writes down what decides the conflicts of a table at one node, and makes the table what that
 * needs. Each call belongs into one transaction of the caller's. No state.
 */
public final class TablePolicy {
    private TablePolicy() {}

    /**
     * Sets it. A table whose delta columns stay the same is not locked.
     *
     * @return what was done to the table, a sentence each
     */
    public static List<String> set(Session session, TableName name, Policy policy) {
        Policy before = Catalog.policies(session).getOrDefault(name, Policy.DEFAULT);
        write(session, name, policy);
        return before.deltaColumns().equals(policy.deltaColumns())
                ? List.of()
                : deltas(session, name, policy);
    }

    /** Writes it down, and does nothing to the table. */
    static void write(Session session, TableName name, Policy policy) {
        session.update(PolicySql.FORGET, name.schema(), name.name());
        if (policy.rule() != Policy.Rule.LAST_UPDATE_WINS) {
            add(session, name, "", policy.rule().sqlName(), policy.function());
        }
        policy.deltaColumns()
                .forEach(column -> add(session, name, column, "delta", Optional.empty()));
    }

    private static void add(
            Session session,
            TableName name,
            String column,
            String policy,
            Optional<String> function) {
        session.update(
                PolicySql.ADD, name.schema(), name.name(), column, policy, function.orElse(null));
    }

    /** Triggers and replica identity for the delta columns; without any, the triggers go. */
    static List<String> deltas(Session session, TableName name, Policy policy) {
        Catalog.Described described = describe(session, name);
        List<String> done = new ArrayList<>();
        TreeSet<String> columns = new TreeSet<>(policy.deltaColumns());
        session.update(
                PolicySql.FORGET_DELTAS,
                described.table().oid(),
                (Object) columns.toArray(String[]::new));
        if (columns.isEmpty()) {
            session.execute(TableSql.dropDeltaTriggers(described.table()));
            done.add(
                    "the triggers of the delta columns are gone; REPLICA IDENTITY FULL stays, as"
                            + " others may need it");
            return done;
        }
        identityFull(session, described).ifPresent(done::add);
        session.execute(TableSql.deltaTriggers(described.table(), columns));
        done.add("triggers keep what is added to " + String.join(", ", columns));
        return done;
    }

    /**
     * Lets the table's updates carry the old row, which delta columns need. Locks it against all
     * use for a moment.
     *
     * @return what was done; empty if it was so already
     */
    public static Optional<String> identityFull(Session session, TableName name) {
        return identityFull(session, describe(session, name));
    }

    private static Optional<String> identityFull(Session session, Catalog.Described described) {
        if (described.identity() == 'f') {
            return Optional.empty();
        }
        String statement = TableSql.identityFull(described.table());
        session.execute(statement);
        return Optional.of("said " + statement);
    }

    private static Catalog.Described describe(Session session, TableName name) {
        return Catalog.describe(session, name)
                .orElseThrow(() ->
                        PgError.refused(
                                "table %s does not exist at %s".formatted(name, session.where())));
    }

    /** Forgets all about a table that takes part no longer. */
    static void forget(Session session, TableName name) {
        session.update(PolicySql.FORGET, name.schema(), name.name());
        Catalog.describe(session, name)
                .ifPresent(d -> {
                    session.update(
                            PolicySql.FORGET_DELTAS, d.table().oid(), (Object) new String[0]);
                    session.execute(TableSql.dropDeltaTriggers(d.table()));
                });
    }
}
