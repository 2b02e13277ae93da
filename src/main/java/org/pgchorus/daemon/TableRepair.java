package org.pgchorus.daemon;

import org.pgchorus.daemon.Repair.Left;
import org.pgchorus.daemon.Repair.Planned;
import org.pgchorus.daemon.Repair.Plans;
import org.pgchorus.daemon.Repair.Repaired;
import org.pgchorus.link.Mend;
import org.pgchorus.link.Mender;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.RepairSql;
import org.pgchorus.verify.Examined;
import org.pgchorus.verify.Keep;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.Remedy;
import org.pgchorus.verify.RepairPlanner;
import org.pgchorus.verify.RowKey;
import org.pgchorus.verify.TableReport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Repairs tables one after the other: finds what differs, plans, has it done on each node, and
 * looks at the same keys again behind a fence, until they are equal or stay as they are.
 *
 * <p>One thread.
 */
final class TableRepair implements AutoCloseable {
    /** Read and planned at once: whole rows, of all nodes. */
    private static final int PORTION = 500;

    /** Rows that were changed meanwhile, or were in each other's way, are looked at again. */
    private static final int PASSES = 5;

    /** Rows that are named in the answer. */
    private static final int SHOWN = 1000;

    private final ComparedNodes nodes;
    private final RepairPlanner planner;
    private final String id;
    private final Plans plans;
    private final Map<NodeName, Mender> menders = new TreeMap<>();
    private final Map<NodeName, Member> members;

    TableRepair(ComparedNodes nodes, Keep keep, String id, Plans plans) {
        this.nodes = nodes;
        this.id = id;
        this.plans = plans;
        members = nodes.members().stream().collect(Collectors.toMap(Member::name, m -> m));
        planner =
                new RepairPlanner(
                        keep,
                        nodes.members().stream()
                                .collect(Collectors.toMap(Member::name, Member::id)));
    }

    @Override
    public void close() {
        menders.values().forEach(Mender::close);
    }

    /** Says what would be done. */
    TableReport plan(TableName table) throws InterruptedException {
        Examined found = nodes.verifier().examine(table);
        if (found.held().isEmpty()) {
            forPortions(found, (_, _) -> {});
        }
        return found.report();
    }

    /** Does it. */
    Repaired repair(TableName table) throws InterruptedException {
        Map<NodeName, Long> skipped = lastSkipped();
        Examined first = nodes.verifier().examine(table);
        Examined now = first;
        Map<RowKey, String> reasons = new HashMap<>();
        Set<RowKey> repaired = new HashSet<>();
        for (int pass = 0; pass < PASSES && !now.keys().isEmpty() && now.held().isEmpty(); pass++) {
            Set<RowKey> done = mend(now, reasons);
            if (done.isEmpty() && pass > 0) {
                break;
            }
            repaired.addAll(done);
            now = nodes.verifier().examine(table, now.keys());
        }
        boolean wasCut = first.report().outcome() instanceof Outcome.Differs d && d.more();
        if (wasCut && !first.keys().isEmpty() && !repaired.isEmpty()) {
            now = nodes.verifier().examine(table);
        }
        if (now.report().outcome() instanceof Outcome.Equal) {
            forgetSkipped(table, skipped);
        }
        return new Repaired(
                table,
                first.keyColumns(),
                first.report().outcome(),
                repaired.size(),
                left(now, reasons),
                now.report().outcome(),
                notes(now));
    }

    private static List<Left> left(Examined now, Map<RowKey, String> reasons) {
        return now.keys().stream()
                .limit(SHOWN)
                .map(key -> new Left(key, reasons.getOrDefault(key, "it still differs")))
                .toList();
    }

    private static List<String> notes(Examined now) {
        List<String> notes = new ArrayList<>(now.report().notes());
        if (!now.held().isEmpty()) {
            notes.add("nothing was repaired while changes of the table are held back");
        }
        return List.copyOf(notes);
    }

    private interface Portion {
        void remedies(List<String> columns, List<Remedy> remedies);
    }

    private void forPortions(Examined found, Portion portion) {
        int count = found.keys().size();
        if (count == 0) {
            return;
        }
        List<String> columns = found.columns();
        RepairSteps steps =
                new RepairSteps(
                        found.report().table(),
                        columns,
                        found.keyColumns(),
                        node ->
                                ObjectNames.repairOrigin(
                                        nodes.group().groupId(), members.get(node).id()));
        for (int from = 0; from < count; from += PORTION) {
            List<Remedy> remedies =
                    found.read(from, Math.min(count, from + PORTION)).stream()
                            .map(planner::plan)
                            .toList();
            plans.planned(
                    new Planned(
                            found.report().table(),
                            found.keyColumns(),
                            columns,
                            remedies,
                            steps.script(remedies)));
            portion.remedies(columns, remedies);
        }
    }

    /** Returns which rows were changed; tells why others were not. */
    private Set<RowKey> mend(Examined found, Map<RowKey, String> reasons) {
        // Of two repairs one gets the first node, and the other is refused before it did anything.
        nodes.members().forEach(m -> menders.computeIfAbsent(m.name(), this::mender));
        TableName table = found.report().table();
        Set<RowKey> done = new HashSet<>();
        reasons.clear();
        forPortions(
                found,
                (columns, remedies) -> {
                    for (Remedy remedy : remedies) {
                        if (remedy instanceof Remedy.Leave(var row, String reason)) {
                            reasons.put(row.key(), reason);
                        } else {
                            done.add(remedy.row().key());
                        }
                    }
                    RepairSteps.mends(remedies)
                            .forEach((node, mends) -> mend(node, table, columns, mends, reasons));
                });
        done.removeAll(reasons.keySet());
        return done;
    }

    private void mend(
            NodeName node,
            TableName table,
            List<String> columns,
            List<Mend> mends,
            Map<RowKey, String> reasons) {
        for (Mender.Left left : menders.get(node).mend(table, columns, mends)) {
            reasons.put(new RowKey(left.key()), "%s: %s".formatted(node, left.reason()));
        }
    }

    private Mender mender(NodeName node) {
        Member member = members.get(node);
        return new Mender(member.address(), nodes.group().groupId(), member.id(), id);
    }

    private Map<NodeName, Long> lastSkipped() {
        Map<NodeName, Long> last = new HashMap<>();
        members.forEach((name, member) ->
                last.put(name, Long.parseLong(session(member).value(RepairSql.LAST_SKIPPED))));
        return last;
    }

    /** What an operator had stepped over makes no difference any more. */
    private void forgetSkipped(TableName table, Map<NodeName, Long> last) {
        members.forEach((name, member) ->
                session(member)
                        .update(
                                RepairSql.FORGET_SKIPPED,
                                table.schema(),
                                table.name(),
                                last.get(name)));
    }

    private Session session(Member member) {
        return nodes.group().session(member);
    }
}
