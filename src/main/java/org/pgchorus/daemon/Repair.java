package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.TablePattern;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.verify.Keep;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.Pace;
import org.pgchorus.verify.Remedy;
import org.pgchorus.verify.RowKey;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Makes tables equal on all nodes of a group, while they are written to. No state. */
public final class Repair {
    private Repair() {}

    /**
     * What is to be made equal, and how.
     *
     * @param tables which ones; all that take part if empty
     * @param patience how long, for a table, to wait for what is under way
     */
    public record Request(List<TablePattern> tables, Keep keep, Duration patience) {
        /** Copies the list. */
        public Request {
            tables = List.copyOf(tables);
        }
    }

    /**
     * What is to be done about some rows of a table.
     *
     * @param keyColumns empty without a key
     * @param columns the names of the columns, in the order of the values
     * @param script the same as SQL
     */
    public record Planned(
            TableName table,
            List<String> keyColumns,
            List<String> columns,
            List<Remedy> remedies,
            List<Scripted> script) {}

    /**
     * Statements for one node.
     *
     * @param head what a session has to do first that runs them
     */
    public record Scripted(NodeName node, String head, String statements) {}

    /** Hears what is to be done, some rows at a time, before it is. */
    @FunctionalInterface
    public interface Plans {
        /** Some rows of one table. */
        void planned(Planned some);
    }

    /**
     * A row that still differs.
     *
     * @param key its key columns' texts; of a row without a key, its two hashes
     */
    public record Left(RowKey key, String reason) {}

    /**
     * What has become of a table.
     *
     * @param found what was found first
     * @param repaired how many rows were changed, on whichever nodes
     * @param left the first of the rows that were left as they are
     * @param now what was found in the end
     * @param notes what else is worth knowing
     */
    public record Repaired(
            TableName table,
            List<String> keyColumns,
            Outcome found,
            long repaired,
            List<Left> left,
            Outcome now,
            List<String> notes) {}

    /**
     * What has become of all.
     *
     * @param id by which it can be undone
     * @param names of all nodes of the group by their numbers, as stamps have them
     * @param skipped why nodes were not compared that ought to be
     */
    public record Done(
            String id,
            List<NodeName> nodes,
            Map<Integer, NodeName> names,
            List<String> skipped,
            List<Repaired> tables) {
        /** Whether all that was asked for is the same now. */
        public boolean isEqual() {
            return skipped.isEmpty()
                    && tables.stream().allMatch(t -> t.now() instanceof Outcome.Equal);
        }

        /** How many rows were changed. */
        public long repaired() {
            return tables.stream().mapToLong(Repaired::repaired).sum();
        }
    }

    /**
     * Says what would be done; changes nothing.
     *
     * @return what was found
     */
    public static Verification.Found plan(
            Address any, Request request, Plans plans, VerifyProgress progress)
            throws InterruptedException {
        try (ComparedNodes nodes = open(any, request, progress)) {
            TableRepair repair = new TableRepair(nodes, request.keep, "", plans);
            List<TableReport> reports = new ArrayList<>();
            for (TableName table : nodes.tables(request.tables)) {
                reports.add(repair.plan(table));
            }
            return new Verification.Found(
                    nodes.memberNames(), nodes.names(), nodes.skipped(), List.copyOf(reports));
        }
    }

    /** Does it. */
    public static Done of(Address any, Request request, Plans plans, VerifyProgress progress)
            throws InterruptedException {
        try (ComparedNodes nodes = open(any, request, progress)) {
            String id = RepairId.next(nodes.group().session(nodes.members().getFirst()));
            List<Repaired> tables = new ArrayList<>();
            try (TableRepair repair = new TableRepair(nodes, request.keep, id, plans)) {
                for (TableName table : nodes.tables(request.tables)) {
                    tables.add(repair.repair(table));
                }
            }
            return new Done(
                    id, nodes.memberNames(), nodes.names(), nodes.skipped(), List.copyOf(tables));
        }
    }

    private static ComparedNodes open(Address any, Request request, VerifyProgress progress) {
        ComparedNodes nodes =
                new ComparedNodes(
                        any,
                        new ComparedNodes.Terms(List.of(), request.patience, 0, Pace.FULL),
                        progress);
        if (request.keep instanceof Keep.RowsOf(NodeName kept)) {
            try {
                Member member = nodes.group().member(kept);
                nodes.group().session(member);
                if (!nodes.members().contains(member)) {
                    throw PgError.refused("node %s is not ready".formatted(kept));
                }
            } catch (RuntimeException e) {
                nodes.close();
                throw e;
            }
        }
        return nodes;
    }
}
