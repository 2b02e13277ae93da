package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.sql.VerifySql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Compares tables of several nodes while they are written to. Changes nothing. One thread.
 *
 * <p>Each table: ranges are hashed on all nodes side by side; where hashes differ, keys and hashes
 * of rows are listed; rows that differ are read again behind a {@link Fence} until {@link Differ}
 * has decided.
 */
public final class Verifier {
    private final List<Node> nodes;
    private final Fence fence;
    private final Terms terms;
    private final VerifyProgress progress;
    private final Executor executor;

    /**
     * How it is done.
     *
     * @param patience how long rows that change all the time are looked at again, a table
     * @param shown how many rows that differ are shown, a table
     * @param pace how fast at most
     * @param skipped why some nodes are not compared that ought to be; then nothing is called equal
     */
    public record Terms(Duration patience, int shown, Pace pace, List<String> skipped) {
        /** Copies the list. */
        public Terms {
            skipped = List.copyOf(skipped);
        }
    }

    /**
     * @param nodes their sessions are used for nothing else meanwhile
     * @param executor on which the nodes are asked, as many at once as there are nodes
     */
    public Verifier(
            List<Node> nodes,
            Fence fence,
            Terms terms,
            VerifyProgress progress,
            Executor executor) {
        this.nodes = List.copyOf(nodes);
        this.fence = fence;
        this.terms = terms;
        this.progress = progress;
        this.executor = executor;
    }

    /** Compares one table. */
    public TableReport compare(TableName table) throws InterruptedException {
        return examine(table).report();
    }

    /** Compares one table, so that what differs can be read on. */
    public Examined examine(TableName table) throws InterruptedException {
        return examine(table, new Whole());
    }

    /** The same for some of its rows only, by their keys as {@link Examined} gives them. */
    public Examined examine(TableName table, List<RowKey> keys) throws InterruptedException {
        return examine(
                table,
                (_, sides, settling, _) -> {
                    settling.add(Differ.suspects(sides.all(side -> side.listing(keys))));
                    return true;
                });
    }

    /** Finds the rows that differ when they are read, and gives them to be settled. */
    private interface Search {
        /** Returns whether all was looked through. */
        boolean find(Alikeness alike, Sides sides, Settling settling, RowCount counted)
                throws Unreadable, InterruptedException;
    }

    /** Looks through the whole table. */
    private record Whole() implements Search {
        @Override
        public boolean find(Alikeness alike, Sides sides, Settling settling, RowCount counted)
                throws Unreadable, InterruptedException {
            return alike.walkable()
                    ? new RangeWalk(sides, settling, counted).walk()
                    : new Sweep(sides, settling, counted).sweep();
        }
    }

    private Examined examine(TableName table, Search search) throws InterruptedException {
        RowCount counted = new RowCount(table, progress, terms.pace());
        try {
            if (nodes.size() < 2) {
                return failed(table, counted, "fewer than two nodes to compare");
            }
            prepare();
            Alikeness alike = Alikeness.of(nodes, table, executor);
            if (alike.sides().isEmpty()) {
                return unread(
                        new TableReport(
                                table,
                                new Outcome.Differs(0, true),
                                counted.rows(),
                                List.of(),
                                alike.unlike(),
                                List.of()));
            }
            return compare(table, alike, search, counted);
        } catch (Unreadable e) {
            return failed(table, counted, e.getMessage());
        }
    }

    private void prepare() throws Unreadable {
        Map<NodeName, String> probes =
                Sides.ask(
                        nodes,
                        Node::name,
                        node -> {
                            node.session().execute(VerifySql.SESSION);
                            return node.session().value(VerifySql.HASH_PROBE);
                        },
                        executor);
        if (probes.values().stream().distinct().count() > 1) {
            throw PgError.refused(
                    "databases of different encoding or byte order cannot be compared: " + probes);
        }
    }

    private Examined compare(TableName table, Alikeness alike, Search search, RowCount counted)
            throws InterruptedException {
        Sides sides = new Sides(alike.sides(), executor);
        Causes causes = new Causes(sides);
        Settling settling = new Settling(table, sides, fence, terms.patience(), progress);
        List<String> lacking = new ArrayList<>(terms.skipped());
        List<String> notes = new ArrayList<>();
        List<String> held = new ArrayList<>();
        List<String> asides = new ArrayList<>();
        List<Orphaned> orphans = new ArrayList<>();
        Definitions definitions = new Definitions(List.of(), List.of());
        List<Difference> differences = List.of();
        try {
            if (!search.find(alike, sides, settling, counted)) {
                lacking.add("it stopped there: too many rows differ");
            }
            settling.finish();
            definitions = definitions(sides, lacking);
            if (search instanceof Whole) {
                orphans.addAll(orphans(table, asides));
            }
            held.addAll(causes.ofTable());
            notes.addAll(held);
            differences =
                    DifferingRows.read(
                            sides,
                            causes,
                            settling.confirmed().stream().limit(terms.shown()).toList());
        } catch (Unreadable e) {
            lacking.add(e.getMessage());
        }
        Outcome outcome = outcome(settling, lacking, notes);
        if (!definitions.unlike().isEmpty() && !(outcome instanceof Outcome.Differs)) {
            outcome = new Outcome.Differs(0, !(outcome instanceof Outcome.Equal));
        }
        notes.addAll(definitions.unlike());
        notes.addAll(definitions.hints());
        notes.addAll(asides);
        if (!(outcome instanceof Outcome.Incomplete)) {
            notes.addAll(lacking);
        }
        if (!(outcome instanceof Outcome.Unsettled) && settling.unsettled() > 0) {
            notes.add(
                    "%d rows could not be settled: %s"
                            .formatted(settling.unsettled(), settling.reason()));
        }
        return new Examined(
                new TableReport(table, outcome, counted.rows(), differences, notes, orphans),
                Optional.of(sides),
                settling.confirmed(),
                held);
    }

    /** What is still so behind a fence is no schema change on its way. */
    private Definitions definitions(Sides sides, List<String> lacking)
            throws Unreadable, InterruptedException {
        Definitions first = Definitions.of(sides.each(), executor);
        if (first.unlike().isEmpty()) {
            return first;
        }
        if (!fence.pass().isEmpty()) {
            lacking.add("it is not made alike, and what is on its way does not arrive");
            return new Definitions(List.of(), first.hints());
        }
        return Definitions.of(sides.each(), executor);
    }

    /** Nodes are compared whether or not these can be told. */
    private List<Orphaned> orphans(TableName table, List<String> asides)
            throws InterruptedException {
        try {
            return new Orphanage(nodes, fence, executor).of(table, asides);
        } catch (Unreadable e) {
            asides.add("its orphans could not be looked for: " + e.getMessage());
            return List.of();
        }
    }

    /** What differs is certain, whatever else could not be told; equal is only what is whole. */
    private static Outcome outcome(Settling settling, List<String> lacking, List<String> notes) {
        long differing = settling.confirmed().size();
        if (differing > 0) {
            return new Outcome.Differs(differing, !lacking.isEmpty() || settling.unsettled() > 0);
        }
        if (!lacking.isEmpty()) {
            return incomplete(String.join("; ", lacking));
        }
        if (settling.unsettled() > 0) {
            return new Outcome.Unsettled(
                    settling.unsettled(),
                    settling.reason().isEmpty() ? "not read again" : settling.reason());
        }
        // Rows are the same, but somewhere changes of the table wait, so this does not last.
        return notes.isEmpty() ? new Outcome.Equal() : incomplete(String.join("; ", notes));
    }

    private static Outcome incomplete(String reason) {
        return new Outcome.Incomplete(reason);
    }

    private static Examined failed(TableName table, RowCount counted, String reason) {
        return unread(
                new TableReport(
                        table,
                        incomplete(reason),
                        counted.rows(),
                        List.of(),
                        List.of(),
                        List.of()));
    }

    private static Examined unread(TableReport report) {
        return new Examined(report, Optional.empty(), List.of(), List.of());
    }
}
