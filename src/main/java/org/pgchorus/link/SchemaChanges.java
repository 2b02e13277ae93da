package org.pgchorus.link;

import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.DdlSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.Sql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Applies the statements by which clients of another node change the schema, each at its place in
 * the stream and in the transaction it belongs to; those that do not work here are held, and so are
 * the tables they concern.
 *
 * <p>A statement is known by its id: done once, whatever comes again. What the server refuses
 * inside a transaction is done just before, and is recognized as done if it comes again.
 *
 * <p>One thread, the session's.
 */
final class SchemaChanges {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaChanges.class);

    /** Clients queue behind a statement that waits for a lock; then they have a turn. */
    private static final String PATIENCE = "SET LOCAL lock_timeout = '2s'";

    private final LinkPlan plan;
    private final Session target;
    private final TargetTables tables;
    private final HeldTables held;

    /** Of statements that are held. */
    private final Set<TableName> heldTables = new HashSet<>();

    private boolean any;
    private SchemaChange underWay;

    SchemaChanges(LinkPlan plan, Session target, TargetTables tables, HeldTables held) {
        this.plan = plan;
        this.target = target;
        this.tables = tables;
        this.held = held;
        if (target.value(DdlSql.EXISTS).equals("t")) {
            heldTables.addAll(
                    target.query(DdlSql.HELD_TABLES, row -> table(row.text(1)), plan.fromId()));
            any = !heldOnes().isEmpty();
        }
    }

    /** A held statement and the commit time of its transaction. */
    private record Waiting(String message, long micros, String id) {}

    private List<Waiting> heldOnes() {
        return target.query(
                DdlSql.HELD,
                row -> new Waiting(row.text(1), row.number(2), row.text(3)),
                plan.fromId());
    }

    /** Whether a message is such a statement. */
    static boolean isOne(Message.LogicalMessage said) {
        return said.prefix().equals(DdlSql.MESSAGE_PREFIX);
    }

    /** Whether any is held. */
    boolean isAny() {
        return any;
    }

    /** Whether a held one concerns a table, whose rows wait for it. */
    boolean holds(TableName table) {
        return heldTables.contains(table);
    }

    /** Whether the failure that has just come is that of a statement. */
    boolean isUnderWay() {
        return underWay != null;
    }

    /** What comes next has nothing to do with a statement. */
    void forget() {
        underWay = null;
    }

    /** One has come; the database's transaction may not be open yet. */
    void receive(Message.LogicalMessage said) {
        target.settle();
        Optional<SchemaChange> change =
                read(StandardCharsets.UTF_8.decode(said.content()).toString());
        if (change.isEmpty()) {
            LOG.warn("link {}: a message that the group did not say is ignored", plan.name());
        }
        underWay = change.orElse(null);
        if (underWay != null && underWay.isAlone() && isNew() && !isBlocked()) {
            doAlone(underWay);
        }
    }

    /** Does it, in the database's open transaction. */
    void apply(Message.Begin begin) {
        SchemaChange change = underWay;
        if (change != null && isNew()) {
            if (isBlocked()) {
                throw PgError.refused("an earlier statement for the same table is held");
            }
            boolean done = isInEffect(change);
            if (!done && !change.isAlone()) {
                execute(change);
            }
            note(change, begin, "applied", done ? "it was in effect already" : "");
        }
        underWay = null;
    }

    /** Holds the one under way, whose transaction has been rolled back. */
    void hold(PgError failure, Message.Begin begin) {
        SchemaChange change = underWay;
        underWay = null;
        change.tables().stream()
                .filter(table -> !held.holds(table))
                .forEach(table -> held.holdNow(table, failure, begin));
        note(change, begin, "held", failure.getMessage());
        heldTables.addAll(change.tables());
        any = true;
        LOG.warn("link {}: held: {}: {}", plan.name(), change.statement(), failure.getMessage());
    }

    /** Tries those that are held, in their order. */
    void retry() {
        if (!any) {
            return;
        }
        heldTables.clear();
        List<Waiting> waiting = heldOnes();
        any = false;
        for (Waiting one : waiting) {
            SchemaChange change =
                    read(one.message)
                            .orElseThrow(() -> PgError.refused("the group's key has changed"));
            if (change.tables().stream().anyMatch(heldTables::contains) || !retry(change, one)) {
                heldTables.addAll(change.tables());
                any = true;
            }
        }
    }

    private boolean retry(SchemaChange change, Waiting one) {
        try {
            if (change.isAlone()) {
                doAlone(change);
            }
            target.begin();
            if (target.first(DdlSql.LOCK, row -> true, one.id).isEmpty()) {
                target.rollback();
                return true;
            }
            if (!isInEffect(change) && !change.isAlone()) {
                execute(change);
            }
            target.update(DdlSql.SET_STATE, "applied", "", one.id);
            target.value(LinkSql.STAMP, Stamp.instantOf(one.micros));
            target.commit();
            LOG.info("link {}: applied what was held: {}", plan.name(), change.statement());
            return true;
        } catch (PgError.Busy e) {
            target.rollback();
            return false;
        } catch (PgError.Refused e) {
            target.rollback();
            target.update(DdlSql.SET_STATE, "held", e.getMessage(), one.id);
            return false;
        }
    }

    private boolean isNew() {
        return target.first(DdlSql.STATE, row -> row.text(1), underWay.id()).isEmpty();
    }

    private boolean isBlocked() {
        return underWay.tables().stream().anyMatch(heldTables::contains);
    }

    private boolean isInEffect(SchemaChange change) {
        return target.value(DdlSql.IS_IN_EFFECT, change.added(), change.removed()).equals("t");
    }

    /** As the role that said it, with the names meaning what they meant there. */
    private void execute(SchemaChange change) {
        target.execute(PATIENCE);
        String path = target.first(DdlSql.PATH, row -> row.text(1), change.path()).orElseThrow();
        target.value(DdlSql.MAKE_WAY, change.statement(), change.path());
        target.execute("SET LOCAL ROLE " + Sql.name(change.role()));
        target.execute(change.statement());
        target.execute("RESET ROLE");
        target.first(DdlSql.PATH, row -> row.text(1), path);
        target.value(DdlSql.FOLLOW_SCHEMA, true);
        target.execute("SET LOCAL lock_timeout = 0");
        renew();
    }

    /** Outside of a transaction. A broken attempt leaves an invalid index. */
    private void doAlone(SchemaChange change) {
        if (isInEffect(change)) {
            return;
        }
        record Index(String schema, String name) {}
        for (Index index :
                target.query(
                        DdlSql.ADDED_INDEXES,
                        row -> new Index(row.text(1), row.text(2)),
                        change.added())) {
            if (target.first(DdlSql.INVALID_INDEX, row -> true, index.schema, index.name)
                    .isPresent()) {
                target.execute(
                        "DROP INDEX CONCURRENTLY "
                                + Sql.name(new TableName(index.schema, index.name)));
            }
        }
        String path = target.value("SELECT current_setting('search_path')");
        try {
            target.value("SELECT set_config('search_path', ?, false)", change.path());
            target.execute("SET ROLE " + Sql.name(change.role()));
            target.execute(change.statement());
        } finally {
            if (!target.isLost()) {
                target.execute("RESET ROLE");
                target.value("SELECT set_config('search_path', ?, false)", path);
            }
        }
        target.value(DdlSql.FOLLOW_SCHEMA, true);
        renew();
    }

    /** What is known of tables and statements is of the schema before. */
    private void renew() {
        target.execute("DEALLOCATE ALL");
        tables.forgetAll();
    }

    private void note(SchemaChange change, Message.Begin begin, String state, String reason) {
        target.update(
                DdlSql.NOTE,
                change.id(),
                change.node(),
                change.said(),
                change.role(),
                change.tag(),
                change.statement(),
                state,
                reason,
                state.equals("held") ? change.message() : null,
                change.tables().stream().map(TableName::toString).toArray(String[]::new),
                begin.commitLsn(),
                begin.commitMicros());
    }

    private Optional<SchemaChange> read(String message) {
        int space = message.indexOf(' ');
        String proof = message.substring(0, Math.max(space, 0));
        String payload = message.substring(space + 1);
        if (!payload.startsWith("{")) {
            return Optional.empty();
        }
        return target.first(
                DdlSql.READ,
                row ->
                        new SchemaChange(
                                row.text(1),
                                (int) row.number(2),
                                row.text(3),
                                row.text(4),
                                row.text(5),
                                row.text(6),
                                row.text(7),
                                row.texts(8).stream().map(SchemaChanges::table).toList(),
                                row.text(9),
                                row.text(10),
                                message),
                payload,
                payload,
                proof);
    }

    private static TableName table(String text) {
        int dot = text.indexOf('.');
        return new TableName(text.substring(0, dot), text.substring(dot + 1));
    }
}
