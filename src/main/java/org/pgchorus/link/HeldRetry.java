package org.pgchorus.link;

import org.pgchorus.conflict.Sight;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.HeldSql;
import org.pgchorus.sql.LinkSql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Tries again to apply what a link holds, table by table, in the order in which it came, one
 * transaction of the source at a time. What is applied leaves the held changes in the same
 * transaction: applied exactly once.
 *
 * <p>They are decided as they would have been when they came: by the writer's stamp, and by what
 * the writer had seen then.
 *
 * <p>One thread, the session's; between transactions of the stream only.
 */
final class HeldRetry {
    /** How often a table that still does not work is tried. */
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** How long held changes are applied before the stream has its turn again, ... */
    private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** ... and for how long that has: less, so that a table that works catches up with it. */
    private static final long STREAM_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** Changes read at once; each may be as large as a row may be. */
    private static final int BATCH_CHANGES = 20;

    /** The first oid that a server gives to a user's table: below lie those of held shapes. */
    private static final int FIRST_USER_OID = 16384;

    private final LinkPlan plan;
    private final Session target;
    private final Applied applied;
    private final HeldTables held;
    private final SchemaChanges schema;
    private final TargetTables tables;
    private final CarefulPath path;
    private final TargetClock clock;

    /** Tables as they were when the changes were made, by their shape. */
    private final Map<Relation, Integer> shapes = new HashMap<>();

    private long dueNanos = System.nanoTime();
    private long changes;

    HeldRetry(
            LinkPlan plan,
            Session target,
            Applied applied,
            HeldTables held,
            SchemaChanges schema,
            TargetTables tables,
            CarefulPath path,
            TargetClock clock) {
        this.plan = plan;
        this.target = target;
        this.applied = applied;
        this.held = held;
        this.schema = schema;
        this.tables = tables;
        this.path = path;
        this.clock = clock;
    }

    /** The next transaction of a table. */
    private record Next(Lsn commitLsn, int xid, long micros, Map<Integer, Long> seenByWriter) {}

    /** One change, and what applies it. */
    private record Change(long seq, Message message, long bytes) {}

    /** How a turn at one table ended. */
    private enum Outcome {
        APPLIED,
        FAILED,
        NOTHING_LEFT
    }

    /**
     * Tries before the stream starts: a link that stopped because it holds too much would stop
     * again at its first message. It goes on for as long as that helps and there is little room.
     */
    void tryFirst() {
        boolean more = true;
        while (more && held.isAny()) {
            more = tryAll() && held.isNearlyFull();
        }
    }

    /** Whether something is held and it is time to try. */
    boolean isDue() {
        return (held.isAny() || schema.isAny()) && System.nanoTime() >= dueNanos;
    }

    /** Tries, if it is time. */
    void tryIfDue() {
        if (isDue()) {
            tryAll();
        }
    }

    /**
     * @return whether there is more that works
     */
    private boolean tryAll() {
        long end = System.nanoTime() + TURN_NANOS;
        // Statements prepared before an ALTER TABLE may stick to the types of old.
        target.execute("DEALLOCATE ALL");
        tables.deallocated();
        boolean more = false;
        schema.retry();
        for (TableName table : held.tables()) {
            tables.forget(table);
            if (schema.holds(table)) {
                continue;
            }
            Outcome outcome = Outcome.APPLIED;
            while (outcome == Outcome.APPLIED && System.nanoTime() < end) {
                outcome = tryNext(table);
            }
            more |= outcome == Outcome.APPLIED;
        }
        held.recount();
        dueNanos = System.nanoTime() + (more ? STREAM_NANOS : EVERY_NANOS);
        return more;
    }

    private Outcome tryNext(TableName table) {
        Optional<Next> next = target.first(HeldSql.NEXT, HeldRetry::next, at(table));
        if (next.isEmpty()) {
            if (target.first(HeldSql.RELEASE, row -> true, at(table)).isPresent()) {
                held.released(table);
            }
            return Outcome.NOTHING_LEFT;
        }
        long[] failing = {-1};
        try {
            return apply(table, next.get(), failing) ? Outcome.APPLIED : Outcome.FAILED;
        } catch (PgError.Busy e) {
            // Not this time. If the connection is gone, rolling back says so.
            target.rollback();
            return Outcome.FAILED;
        } catch (PgError.Refused e) {
            target.rollback();
            target.update(
                    HeldSql.FAILED,
                    e.sqlState(),
                    e.getMessage(),
                    failing[0] < 0 ? null : failing[0],
                    at(table));
            return Outcome.FAILED;
        }
    }

    /**
     * @param failing told the seq of each change before it is applied
     * @return false if it is not time for it, or somebody has skipped it
     */
    private boolean apply(TableName table, Next next, long[] failing) {
        target.begin();
        boolean isTime = clock.nowMicros() > next.micros;
        if (!isTime || target.first(HeldSql.LOCK, row -> true, at(table)).isEmpty()) {
            target.rollback();
            return false;
        }
        Sight sight =
                new Sight(
                                plan.fromId(),
                                plan.toId(),
                                applied.remaining(next.seenByWriter, next.micros),
                                applied.remaining(
                                        applied.snapshot(plan.fromId(), held.reachedMicros(table)),
                                        next.micros))
                        .afterSteps(applied.clocks().steps());
        path.begin(new Stamp(next.micros, plan.fromId()), next.xid, next.commitLsn, sight);
        path.alone();
        long bytes = 0;
        long count = 0;
        long seq = Long.MIN_VALUE;
        while (true) {
            List<Change> batch =
                    target.query(
                            HeldSql.CHANGES,
                            row -> change(table, row),
                            at(table),
                            next.commitLsn,
                            seq,
                            BATCH_CHANGES);
            for (Change change : batch) {
                failing[0] = change.seq;
                path.at(change.seq);
                path.change(change.message);
                seq = change.seq;
                bytes += change.bytes;
                count++;
            }
            if (batch.size() < BATCH_CHANGES) {
                break;
            }
        }
        failing[0] = -1;
        if (!tables.areCurrent()) {
            throw tables.outdated();
        }
        target.update(HeldSql.APPLIED, at(table), next.commitLsn);
        target.update(HeldSql.ADVANCE, next.micros, at(table));
        target.value(LinkSql.STAMP, Stamp.instantOf(next.micros));
        target.commit();
        held.advanced(table, next.micros, count, bytes);
        changes += count;
        return true;
    }

    /** The parameters that name a table of this link. */
    private List<Object> at(TableName table) {
        return List.of(plan.fromId(), table.schema(), table.name());
    }

    private static Next next(Session.Answer row) {
        List<String> nodes = row.texts(4);
        List<String> micros = row.texts(5);
        Map<Integer, Long> seen = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            seen.put(Integer.valueOf(nodes.get(i)), Long.valueOf(micros.get(i)));
        }
        return new Next(row.lsn(2), (int) row.number(1), row.number(3), seen);
    }

    private Change change(TableName table, Session.Answer row) {
        List<Relation.Column> columns = new ArrayList<>();
        List<String> names = row.texts(4);
        List<String> keys = row.texts(5);
        List<String> types = row.texts(6);
        for (int i = 0; i < names.size(); i++) {
            columns.add(
                    new Relation.Column(
                            names.get(i),
                            keys.get(i).equals("true"),
                            (int) Long.parseLong(types.get(i)),
                            -1));
        }
        int relation = relation(table, row.text(3).charAt(0), columns);
        boolean keyOnly = row.truth(7);
        Optional<Row> before =
                row.truth(8) ? Optional.of(Row.ofTexts(row.texts(10))) : Optional.empty();
        Optional<Row> after =
                row.truth(9) ? Optional.of(after(row.texts(11), row.texts(12))) : Optional.empty();
        Message message =
                switch (row.text(2)) {
                    case "I" -> new Message.Insert(relation, after.orElseThrow());
                    case "U" -> new Message.Update(relation, keyOnly, before, after.orElseThrow());
                    case "D" -> new Message.Delete(relation, keyOnly, before.orElseThrow());
                    case "T" -> new Message.Truncate(List.of(relation), false, false);
                    default -> throw new IllegalStateException("operation " + row.text(2));
                };
        return new Change(row.number(1), message, row.number(13));
    }

    private static Row after(List<String> values, List<String> unchanged) {
        return Row.ofTexts(values, index -> unchanged.get(index).equals("true"));
    }

    /** An id for a table as it was, which no table of the stream has. */
    private int relation(TableName table, char identity, List<Relation.Column> columns) {
        Relation shape = new Relation(0, table, identity, columns);
        Integer known = shapes.get(shape);
        if (known != null) {
            return known;
        }
        int id = shapes.size() + 1;
        if (id >= FIRST_USER_OID) {
            throw PgError.busy("held tables have changed their shape too often");
        }
        shapes.put(shape, id);
        tables.describe(new Relation(id, table, identity, columns));
        return id;
    }

    /** How many changes were applied. */
    long changes() {
        return changes;
    }
}
