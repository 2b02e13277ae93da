package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.model.Table;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.FollowRowSql;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes a follower's rows what the provider says they are. Decides nothing: what is there is
 * overwritten, what is missing is made, what is gone already stays gone.
 *
 * <p>One thread, the session's. The caller begins and ends the database's transaction.
 */
final class FollowPath {
    /** A client here that inserts and deletes the very row again and again loses in the end. */
    private static final int ATTEMPTS = 20;

    private final Session target;
    private final TargetTables tables;

    FollowPath(Session target, TargetTables tables) {
        this.target = target;
        this.tables = tables;
    }

    /**
     * A change that is made by one statement if all is as the provider knew it.
     *
     * @param relation the provider's id of the table
     * @param hasToTouch whether a row that it does not touch is another than the provider knew
     */
    record Change(int relation, String sql, List<String> parameters, boolean hasToTouch) {}

    /** The statement for a change; empty if it takes more than one, or a look. */
    Optional<Change> plan(Message message) {
        return switch (message) {
            case Message.Insert insert -> {
                RowSql sql = tables.statements(insert.relation());
                yield Optional.of(
                        new Change(insert.relation(), sql.insert, sql.all(insert.after()), true));
            }
            case Message.Update update -> planned(update);
            case Message.Delete delete -> {
                RowSql sql = tables.statements(delete.relation());
                yield sql.table().hasKey()
                        ? Optional.of(
                                new Change(
                                        delete.relation(),
                                        sql.delete,
                                        sql.key(delete.before()),
                                        false))
                        : Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    private Optional<Change> planned(Message.Update update) {
        RowSql sql = tables.statements(update.relation());
        if (!sql.table().hasKey() || update.keyOnly()) {
            return Optional.empty();
        }
        Row after = update.before().map(update.after()::completedFrom).orElse(update.after());
        List<String> key = sql.key(after);
        List<Integer> places = FollowRowSql.settable(sql, after);
        if (places.isEmpty() || !update.before().map(sql::key).orElse(key).equals(key)) {
            return Optional.empty();
        }
        List<String> parameters = FollowRowSql.values(after, places);
        parameters.addAll(key);
        return Optional.of(
                new Change(update.relation(), FollowRowSql.update(sql, places), parameters, true));
    }

    void insert(Message.Insert insert) {
        RowSql sql = tables.statements(insert.relation());
        put(sql, insert.after());
    }

    private void put(RowSql sql, Row whole) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (target.update(sql.insert, sql.all(whole)) > 0) {
                return;
            }
            List<String> key = sql.key(whole);
            if (!sql.canUpdate()) {
                target.update(sql.delete, key);
            } else if (overwrite(sql, key, whole)) {
                return;
            }
        }
        throw PgError.busy(
                "key %s of %s keeps changing".formatted(sql.key(whole), sql.table().name()));
    }

    /** Returns false if there is no row under the key. */
    private boolean overwrite(RowSql sql, List<String> key, Row after) {
        List<Integer> places = FollowRowSql.settable(sql, after);
        return places.isEmpty()
                ? !target.query(FollowRowSql.exists(sql.table()), row -> 0, key).isEmpty()
                : target.update(
                                FollowRowSql.update(sql, places),
                                FollowRowSql.values(after, places),
                                key)
                        > 0;
    }

    void update(Message.Update update) {
        RowSql sql = tables.statements(update.relation());
        Optional<Row> whole = update.before().filter(_ -> !update.keyOnly());
        Row after = update.after();
        if (!sql.table().hasKey()) {
            updateWhole(sql, whole.orElseThrow(() -> keyless(sql)), after);
            return;
        }
        if (update.before().isPresent()) {
            Row before = update.before().get();
            after =
                    update.keyOnly()
                            ? after.completedFrom(before, sql::isKey)
                            : after.completedFrom(before);
        }
        List<String> key = sql.key(after);
        List<String> oldKey = update.before().map(sql::key).orElse(key);
        if (!oldKey.equals(key) && !changesOnlyForm(sql, oldKey, key)) {
            // The provider had no row there, so one that is here was written here.
            target.update(sql.delete, key);
        }
        if (overwrite(sql, oldKey, after)) {
            return;
        }
        if (after.isComplete()) {
            put(sql, after);
        } else {
            target.update(
                    FollowSql.MISS,
                    sql.table().name().schema(),
                    sql.table().name().name(),
                    key.toArray(String[]::new));
        }
    }

    /** 1.0 and 1.00 are one key. */
    private boolean changesOnlyForm(RowSql sql, List<String> oldKey, List<String> key) {
        return target.value(FollowRowSql.sameKey(sql.table()), oldKey, key).equals("t");
    }

    void delete(Message.Delete delete) {
        RowSql sql = tables.statements(delete.relation());
        if (sql.table().hasKey()) {
            target.update(sql.delete, sql.key(delete.before()));
        } else if (delete.keyOnly()) {
            throw keyless(sql);
        } else {
            target.update(FollowRowSql.deleteWhole(sql), sql.all(delete.before()));
        }
    }

    private void updateWhole(RowSql sql, Row before, Row sent) {
        Row after = sent.completedFrom(before);
        List<Integer> places = FollowRowSql.settable(sql, after);
        if (target.update(
                        FollowRowSql.updateWhole(sql, places),
                        FollowRowSql.values(after, places),
                        sql.all(before))
                == 0) {
            target.update(sql.insert, sql.all(after));
        }
    }

    private static PgError.Refused keyless(RowSql sql) {
        return PgError.refused(
                "table %s has no primary key here, so its rows cannot be told apart; add one"
                        .formatted(sql.table().name()));
    }

    /** All tables of one command. Sequences are left alone: nothing here draws from them. */
    void truncate(Message.Truncate truncate) {
        List<Table> emptied = new ArrayList<>();
        for (int relation : truncate.relations()) {
            emptied.add(tables.statements(relation).table());
        }
        String[] oids = emptied.stream().map(t -> Long.toString(t.oid())).toArray(String[]::new);
        if (target.value(FollowRowSql.REFERRED, oids, oids).equals("t")) {
            emptied.forEach(table -> target.update(FollowRowSql.deleteAll(table)));
        } else {
            target.execute(FollowRowSql.truncate(emptied));
        }
    }
}
