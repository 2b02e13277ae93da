package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.TablePattern;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjDoubleConsumer;

/**
 * A {@link Verification} in few words, for who does not look at rows. Immutable.
 *
 * @param nodes that were compared
 * @param skipped why nodes were not compared that ought to be
 */
public record Comparison(
        boolean equal, List<String> nodes, List<String> skipped, List<Verdict> tables) {
    /** The server only estimates how many rows there are. */
    private static final double ALMOST = 0.99;

    /**
     * Of one table.
     *
     * @param verdict {@code equal}, {@code differs}, {@code unsettled} or {@code incomplete}
     * @param rows that the verdict is about: those that differ, or are not settled
     * @param reason empty if there is none to give
     */
    public record Verdict(String table, String verdict, long rows, String reason) {}

    /**
     * Compares; hears what is under way, and how much of all there is was read, from 0 to 1.
     *
     * @param tables which ones; all that take part if empty
     * @param between which nodes; all if empty
     * @param patience how long, for a table, to wait for what is under way
     */
    public static Comparison of(
            Address any,
            List<TablePattern> tables,
            List<NodeName> between,
            Duration patience,
            ObjDoubleConsumer<String> heard)
            throws InterruptedException {
        long expected =
                Orders.tables(any).stream()
                        .filter(it ->
                                TablePattern.selects(tables, new TableName(it.schema(), it.name())))
                        .mapToLong(Orders.ReplicatedTable::rows)
                        .sum();
        Verification.Found found =
                Verification.of(
                        any,
                        new Verification.Request(tables, between, patience, 0),
                        new Meter(Math.max(1, expected), heard));
        return new Comparison(
                found.isEqual(),
                found.nodes().stream().map(NodeName::text).toList(),
                found.skipped(),
                found.tables().stream().map(Comparison::verdict).toList());
    }

    private static Verdict verdict(TableReport report) {
        String table = report.table().toString();
        return switch (report.outcome()) {
            case Outcome.Equal() -> new Verdict(table, "equal", 0, "");
            case Outcome.Differs(long rows, boolean _) -> new Verdict(table, "differs", rows, "");
            case Outcome.Unsettled(long rows, String reason) ->
                    new Verdict(table, "unsettled", rows, reason);
            case Outcome.Incomplete(String reason) -> new Verdict(table, "incomplete", 0, reason);
        };
    }

    /** Any thread. */
    private record Meter(long expected, AtomicLong rows, ObjDoubleConsumer<String> heard)
            implements VerifyProgress {
        Meter(long expected, ObjDoubleConsumer<String> heard) {
            this(expected, new AtomicLong(), heard);
        }

        @Override
        public void compared(TableName table, long more) {
            long all = rows.addAndGet(more);
            say("%s, %d rows in all".formatted(table, all), all);
        }

        @Override
        public void waiting(TableName table, long suspects) {
            say("%s: %d rows are looked at again".formatted(table, suspects), rows.get());
        }

        private void say(String text, long all) {
            heard.accept(text, Math.min(ALMOST, (double) all / expected));
        }
    }
}
