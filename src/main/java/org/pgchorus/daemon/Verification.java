package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.TablePattern;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.Pace;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Compares what the nodes of a group have in the tables that take part. No state. */
public final class Verification {
    private Verification() {}

    /**
     * What is to be compared, and how.
     *
     * @param tables which ones; all that take part if empty
     * @param between which nodes; all if empty
     * @param patience how long, for a table, to wait for what is under way
     * @param shown how many rows that differ are shown, for a table
     * @param pace how fast at most
     */
    public record Request(
            List<TablePattern> tables,
            List<NodeName> between,
            Duration patience,
            int shown,
            Pace pace) {
        /** As fast as it can. */
        public Request(
                List<TablePattern> tables, List<NodeName> between, Duration patience, int shown) {
            this(tables, between, patience, shown, Pace.FULL);
        }

        /** Copies the lists. */
        public Request {
            tables = List.copyOf(tables);
            between = List.copyOf(between);
        }
    }

    /**
     * What was found.
     *
     * @param nodes that were compared
     * @param names of all nodes of the group by their numbers, as stamps have them
     * @param skipped why nodes were not compared that ought to be; then nothing is called equal
     */
    public record Found(
            List<NodeName> nodes,
            Map<Integer, NodeName> names,
            List<String> skipped,
            List<TableReport> tables) {
        /** Whether all of it was compared, and is the same. */
        public boolean isEqual() {
            return !tables.isEmpty()
                    && skipped.isEmpty()
                    && tables.stream().allMatch(t -> t.outcome() instanceof Outcome.Equal);
        }
    }

    /** The same, unheard. */
    public static Found of(Address any, Request request) throws InterruptedException {
        return of(any, request, VerifyProgress.SILENT);
    }

    /**
     * Compares.
     *
     * @throws PgError if no table that takes part is one of those asked for, or nobody answers
     */
    public static Found of(Address any, Request request, VerifyProgress progress)
            throws InterruptedException {
        ComparedNodes.Terms terms =
                new ComparedNodes.Terms(
                        request.between, request.patience, request.shown, request.pace);
        try (ComparedNodes nodes = new ComparedNodes(any, terms, progress)) {
            List<TableReport> reports = new ArrayList<>();
            for (TableName table : nodes.tables(request.tables)) {
                reports.add(nodes.verifier().compare(table));
            }
            return new Found(
                    nodes.memberNames(), nodes.names(), nodes.skipped(), List.copyOf(reports));
        }
    }
}
