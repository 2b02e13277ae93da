package org.pgchorus.link;

import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.HeldSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The tables that one link cannot change at the moment, and the keeping of what comes for them.
 *
 * <p>A change is kept in the same database transaction as the position of the link behind it: kept
 * exactly once. All changes of a table are kept from the start of the transaction on in which one
 * failed; {@link HeldRetry} applies them later.
 *
 * <p>One thread, the session's.
 */
final class HeldTables {
    private static final Logger LOG = LoggerFactory.getLogger(HeldTables.class);

    /**
     * What all links into a node hold at most: enough for a night's mistake in a busy table. A link
     * that would hold more stops, and its writer keeps the rest, as for any link that stands; held
     * here as well, it would fill both disks.
     */
    private static final long LIMIT_CHANGES = 1_000_000;

    private static final long LIMIT_BYTES = 256L << 20;

    /** About what an entry takes besides its values. */
    private static final long OVERHEAD_BYTES = 200;

    private final LinkPlan plan;
    private final Session target;
    private final Applied applied;

    /** By table: up to which commit time the writer's changes of it are merged here. */
    private final Map<TableName, Long> reached = new TreeMap<>();

    /** Held since the transaction under way, whose commit makes it so. */
    private final Map<TableName, Cause> fresh = new TreeMap<>();

    private Applied.Held settled;
    private Applied.Held pending;

    /** Why a table is held: a change of the transaction under way, by its number. */
    private record Cause(PgError failure, long change) {}

    /** The transaction under way. */
    record Transaction(Message.Begin begin, Map<Integer, Long> seenByWriter) {}

    HeldTables(LinkPlan plan, Session target, Applied applied) {
        this.plan = plan;
        this.target = target;
        this.applied = applied;
        record Known(TableName table, long reachedMicros) {}
        target.query(
                        HeldSql.TABLES,
                        row -> new Known(new TableName(row.text(1), row.text(2)), row.number(3)),
                        plan.fromId())
                .forEach(known -> reached.put(known.table, known.reachedMicros));
        settled =
                target.first(
                                HeldSql.SIZE,
                                row ->
                                        new Applied.Held(
                                                row.number(1, Long.MAX_VALUE),
                                                row.number(2),
                                                row.number(3)),
                                plan.fromId(),
                                plan.fromId())
                        .orElseThrow();
        pending = settled;
        applied.holds(plan.fromId(), settled);
    }

    /** Whether changes of that table have to be kept. */
    boolean holds(TableName table) {
        return reached.containsKey(table);
    }

    /** The tables held, in the order of their names. */
    List<TableName> tables() {
        return List.copyOf(reached.keySet());
    }

    /** Up to which commit time the writer's changes of a held table are merged here. */
    long reachedMicros(TableName table) {
        return reached.get(table);
    }

    /** Whether anything is held. */
    boolean isAny() {
        return !reached.isEmpty();
    }

    /** Holds a table from the start of the transaction under way, which has been rolled back. */
    void hold(TableName table, PgError failure, long change) {
        reached.put(table, applied.position(plan.fromId()));
        fresh.put(table, new Cause(failure, change));
    }

    /** The same for a transaction that is too large to be replayed: written down at once. */
    void holdNow(TableName table, PgError failure, Message.Begin begin) {
        hold(table, failure, -1);
        target.inTransaction(() -> {
            note(begin);
            return 0;
        });
        committed();
    }

    /** The database's transaction begins: what was kept in one that was rolled back is not. */
    void opened(Message.Begin begin) {
        pending = settled;
        applied.holds(plan.fromId(), settled);
        note(begin);
    }

    private void note(Message.Begin begin) {
        fresh.forEach((table, cause) ->
                target.update(
                        HeldSql.HOLD,
                        plan.fromId(),
                        table.schema(),
                        table.name(),
                        cause.failure.sqlState(),
                        cause.failure.getMessage(),
                        begin.commitLsn(),
                        reached.get(table)));
        if (!fresh.isEmpty()) {
            target.update(HeldSql.CAP_PROGRESS, begin.commitMicros() - 1, plan.fromId());
        }
    }

    /** The database's transaction has committed. */
    void committed() {
        fresh.forEach((table, cause) ->
                LOG.warn(
                        "link {}: table {} is held, the others flow: {}",
                        plan.name(),
                        table,
                        cause.failure.getMessage()));
        fresh.clear();
        settled = pending;
    }

    /**
     * Keeps a change of one held table.
     *
     * @param number of the change in its transaction
     * @throws PgError.Halted if the node holds as much as it may
     */
    void keep(Relation relation, Message change, long number, Transaction transaction) {
        Optional<Row> before = before(change);
        Optional<Row> after = after(change);
        long bytes = OVERHEAD_BYTES + weight(before) + weight(after);
        requireRoom(bytes);
        pending = pending.plus(transaction.begin.commitMicros(), bytes);
        applied.holds(plan.fromId(), pending);
        TableName table = relation.table();
        List<Relation.Column> columns = relation.columns();
        Map<Integer, Long> seen = new TreeMap<>(transaction.seenByWriter);
        long seq =
                target.first(
                                HeldSql.KEEP,
                                row -> row.number(1),
                                plan.fromId(),
                                table.schema(),
                                table.name(),
                                Integer.toUnsignedLong(transaction.begin.xid()),
                                transaction.begin.commitLsn(),
                                transaction.begin.commitMicros(),
                                number,
                                operation(change),
                                relation.identity(),
                                texts(columns.stream().map(Relation.Column::name).toList()),
                                texts(columns.stream().map(Relation.Column::key).toList()),
                                texts(
                                        columns.stream()
                                                .map(c -> Integer.toUnsignedLong(c.typeOid()))
                                                .toList()),
                                keyOnly(change),
                                before.map(HeldTables::values).orElse(null),
                                after.map(HeldTables::values).orElse(null),
                                after.map(HeldTables::unchanged).orElse(null),
                                texts(List.copyOf(seen.keySet())),
                                texts(List.copyOf(seen.values())),
                                bytes)
                        .orElseThrow();
        Cause cause = fresh.get(table);
        if (cause != null && cause.change == number) {
            target.update(HeldSql.NOTE_FAILING, seq, plan.fromId(), table.schema(), table.name());
        }
    }

    /** Whether less than half of what may be held is left: a link that starts should free some. */
    boolean isNearlyFull() {
        Applied.Held all = applied.held();
        return all.changes() > LIMIT_CHANGES / 2 || all.bytes() > LIMIT_BYTES / 2;
    }

    private void requireRoom(long bytes) {
        Applied.Held all = applied.held();
        if (all.changes() < LIMIT_CHANGES && all.bytes() + bytes <= LIMIT_BYTES) {
            return;
        }
        throw PgError.halted(
                ("node %s holds %d changes (%d MB) that it cannot apply, as many as it may; nothing"
                                + " more is taken over link %s, which holds %s: mend what"
                                + " pgchorus status says of them, or step over what is held:"
                                + " pgchorus link skip %s %s")
                        .formatted(
                                plan.name().to(),
                                all.changes(),
                                all.bytes() >> 20,
                                plan.name(),
                                reached.keySet().stream()
                                        .map(TableName::toString)
                                        .collect(Collectors.joining(", ")),
                                plan.name().from(),
                                plan.name().to()));
    }

    /**
     * The link stops because too much is held. A table that nothing was kept for yet is tried again
     * when it starts: its cause may be mended by then, and nothing else would find that out.
     */
    void forgetEmpty() {
        target.update(HeldSql.FORGET_EMPTY, plan.fromId());
    }

    /** A transaction of a held table was applied. */
    void advanced(TableName table, long commitMicros, long changes, long bytes) {
        reached.merge(table, commitMicros, Math::max);
        settled =
                new Applied.Held(
                        settled.firstMicros(),
                        settled.changes() - changes,
                        settled.bytes() - bytes);
        pending = settled;
        applied.holds(plan.fromId(), settled);
    }

    /** A table flows again. */
    void released(TableName table) {
        reached.remove(table);
        LOG.info("link {}: table {} flows again", plan.name(), table);
    }

    /** Looks again at what is held, after some of it was applied or skipped. */
    void recount() {
        long first =
                target.query(
                                HeldSql.FIRST_MICROS,
                                row -> row.number(1, Long.MAX_VALUE),
                                plan.fromId())
                        .getFirst();
        settled =
                reached.isEmpty()
                        ? Applied.Held.NOTHING
                        : new Applied.Held(first, settled.changes(), settled.bytes());
        pending = settled;
        applied.holds(plan.fromId(), settled);
    }

    private static String operation(Message change) {
        return switch (change) {
            case Message.Insert _ -> "I";
            case Message.Update _ -> "U";
            case Message.Delete _ -> "D";
            case Message.Truncate _ -> "T";
            default -> throw new IllegalStateException("not a change: " + change);
        };
    }

    private static boolean keyOnly(Message change) {
        return switch (change) {
            case Message.Update update -> update.keyOnly();
            case Message.Delete delete -> delete.keyOnly();
            default -> false;
        };
    }

    private static Optional<Row> before(Message change) {
        return switch (change) {
            case Message.Update update -> update.before();
            case Message.Delete delete -> Optional.of(delete.before());
            default -> Optional.empty();
        };
    }

    private static Optional<Row> after(Message change) {
        return switch (change) {
            case Message.Insert insert -> Optional.of(insert.after());
            case Message.Update update -> Optional.of(update.after());
            default -> Optional.empty();
        };
    }

    private static long weight(Optional<Row> row) {
        return row.map(Row::weightBytes).orElse(0L);
    }

    private static String[] values(Row row) {
        String[] values = new String[row.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = row.isUnchanged(i) ? null : row.text(i).orElse(null);
        }
        return values;
    }

    private static String[] unchanged(Row row) {
        List<Boolean> flags = new ArrayList<>();
        for (int i = 0; i < row.size(); i++) {
            flags.add(row.isUnchanged(i));
        }
        return texts(flags);
    }

    private static String[] texts(List<?> values) {
        return values.stream().map(String::valueOf).toArray(String[]::new);
    }
}
