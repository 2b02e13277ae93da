package org.pgchorus.daemon;

import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DdlSql;
import org.pgchorus.sql.HeldSql;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What a link holds for tables that it cannot change: shown, and stepped over. No state. */
public final class HeldChanges {
    /** More changes of one transaction than this nobody reads; their number is said in any case. */
    private static final long SHOWN = 100;

    private static final long ALL = Long.MAX_VALUE;

    private HeldChanges() {}

    /**
     * A table that a link cannot change at the moment.
     *
     * @param changes how many are held
     * @param key of the row of the change that failed, as JSON; empty for a TRUNCATE
     * @param since when, as the server writes it
     * @param cure what to do
     */
    public record HeldTable(
            String table,
            long changes,
            String sqlState,
            String message,
            Optional<String> key,
            String since,
            String cure) {}

    /**
     * A held transaction.
     *
     * @param commitTime at its writer, as the server writes it
     * @param total how many changes of it are held
     * @param changes the first of them, in their order
     */
    public record Transaction(
            long xid, String commitLsn, String commitTime, long total, List<Change> changes) {}

    /**
     * A held change.
     *
     * @param number in its transaction, from 1
     * @param operation insert, update, delete or truncate
     * @param before the old row or its key as JSON, if it was sent
     * @param after the new row as JSON, without large values that were not sent
     */
    public record Change(
            long number,
            String table,
            String operation,
            Optional<String> before,
            Optional<String> after) {}

    /** The first transaction that a link from a writer holds. */
    static Optional<Transaction> first(Session target, int writer) {
        return find(target, writer, OptionalLong.empty(), OptionalLong.empty(), SHOWN);
    }

    private static Optional<Transaction> find(
            Session target, int writer, OptionalLong xid, OptionalLong change, long limit) {
        Long wanted = boxed(xid);
        Long number = boxed(change);
        return target.first(
                        HeldSql.FIRST,
                        row ->
                                new Transaction(
                                        row.number(1),
                                        row.text(2),
                                        row.text(3),
                                        row.number(4),
                                        List.of()),
                        writer,
                        wanted,
                        wanted)
                .map(bare ->
                        new Transaction(
                                bare.xid,
                                bare.commitLsn,
                                bare.commitTime,
                                bare.total,
                                target.query(
                                        HeldSql.SHOW,
                                        row ->
                                                new Change(
                                                        row.number(1),
                                                        row.text(2),
                                                        row.text(3),
                                                        row.maybe(4),
                                                        row.maybe(5)),
                                        writer,
                                        bare.commitLsn,
                                        number,
                                        number,
                                        limit)));
    }

    /** A statement that changes the schema stands before the rows that wait for it. */
    private static Optional<Transaction> heldStatement(Session target, int writer) {
        return target.first(
                DdlSql.FIRST_HELD,
                row ->
                        new Transaction(
                                0,
                                row.text(1),
                                row.text(2),
                                1,
                                List.of(
                                        new Change(
                                                1,
                                                "schema",
                                                row.text(3),
                                                Optional.empty(),
                                                Optional.empty()))),
                writer);
    }

    private static Long boxed(OptionalLong number) {
        return number.isPresent() ? (Long) number.getAsLong() : null;
    }

    /**
     * Steps over the first held transaction of a link, or another, or one change of it.
     *
     * @return what was stepped over, or would be
     */
    static Transaction skip(
            Session target, int writer, OptionalLong xid, OptionalLong change, boolean dryRun) {
        return target.inTransaction(() -> {
            target.query(HeldSql.LOCK_ALL, row -> 0, writer);
            Optional<Transaction> statement = heldStatement(target, writer);
            if (statement.isPresent() && xid.isEmpty() && change.isEmpty()) {
                if (!dryRun) {
                    target.update(DdlSql.SKIP, writer);
                }
                return statement.get();
            }
            Transaction found =
                    find(target, writer, xid, change, dryRun ? SHOWN : ALL)
                            .filter(transaction -> !transaction.changes.isEmpty())
                            .orElseThrow(() -> nothing(xid, change));
            if (!dryRun) {
                Long number = boxed(change);
                target.value(HeldSql.SKIP, writer, found.commitLsn, number, number);
            }
            return found;
        });
    }

    private static PgError nothing(OptionalLong xid, OptionalLong change) {
        String what =
                (change.isPresent() ? "change " + change.getAsLong() : "change")
                        + (xid.isPresent()
                                ? " of transaction " + xid.getAsLong()
                                : change.isPresent() ? " of its first held transaction" : "");
        return PgError.refused(
                "the link holds no %s; see what it holds: pgchorus link show FROM TO"
                        .formatted(what));
    }

    /** What helps against a failure. */
    static String cure(String sqlState, String to, String from) {
        String cause =
                switch (sqlState) {
                    case "42P01", "3F000" -> "create the table at node " + to;
                    case "42703" -> "add the column at node " + to;
                    case "22001", "22003", "22P02", "22007", "22008", "42804" ->
                            "give the column at node %s the type it has at node %s"
                                    .formatted(to, from);
                    case "23514" ->
                            "give the table at node %s the checks it has at node %s"
                                    .formatted(to, from);
                    case "23502" -> "drop the NOT NULL at node " + to;
                    case "23505", "23P01" ->
                            "remove the row at node " + to + " that stands in the way";
                    case "42501" -> "grant pgchorus's role at node " + to + " what it lacks";
                    default -> "remove the cause at node " + to;
                };
        return "%s; it goes on by itself then. Or step over it: pgchorus link skip %s %s --dry-run"
                .formatted(cause, from, to);
    }
}
