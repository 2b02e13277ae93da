package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.TablePattern;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.verify.Node;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.Verifier;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** Compares what the nodes of a group have in the tables that take part. No state. */
public final class Verification {
    private static final String NAME = "pgchorus verify";

    private Verification() {}

    /**
     * What is to be compared, and how.
     *
     * @param tables which ones; all that take part if empty
     * @param between which nodes; all if empty
     * @param patience how long, for a table, to wait for what is under way
     * @param shown how many rows that differ are shown, for a table
     */
    public record Request(
            List<TablePattern> tables, List<NodeName> between, Duration patience, int shown) {
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
        try (GroupSessions group = GroupSessions.open(any);
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Member> chosen =
                    request.between.isEmpty()
                            ? group.members()
                            : request.between.stream().map(group::member).toList();
            List<String> skipped = new ArrayList<>();
            List<Member> compared = new ArrayList<>();
            for (Member member : chosen) {
                if (!member.ready()) {
                    skipped.add("node %s is not ready".formatted(member.name()));
                } else if (group.sessions().containsKey(member.id())) {
                    compared.add(member);
                } else {
                    skipped.add(
                            "node %s cannot be reached: %s"
                                    .formatted(member.name(), group.problems().get(member.id())));
                }
            }
            List<Node> nodes = new ArrayList<>();
            try {
                for (Member member : compared) {
                    nodes.add(
                            new Node(
                                    member.name(),
                                    member.id(),
                                    Session.open(member.address(), NAME)));
                }
                Verifier verifier =
                        new Verifier(
                                nodes,
                                new PositionFence(group, compared, request.patience),
                                new Verifier.Terms(request.patience, request.shown, skipped),
                                progress,
                                executor);
                List<TableReport> reports = new ArrayList<>();
                for (TableName table : tables(nodes, request.tables)) {
                    reports.add(verifier.compare(table));
                }
                return new Found(
                        compared.stream().map(Member::name).toList(),
                        names(group),
                        List.copyOf(skipped),
                        List.copyOf(reports));
            } finally {
                nodes.forEach(node -> node.session().close());
            }
        }
    }

    private static Map<Integer, NodeName> names(GroupSessions group) {
        return group.members().stream()
                .collect(Collectors.toMap(Member::id, Member::name, (a, b) -> a, TreeMap::new));
    }

    private static SortedSet<TableName> tables(List<Node> nodes, List<TablePattern> patterns) {
        SortedSet<TableName> all = new TreeSet<>();
        nodes.forEach(node -> all.addAll(Catalog.published(node.session())));
        for (TablePattern pattern : patterns) {
            if (!pattern.excludes() && all.stream().noneMatch(pattern::matches)) {
                throw PgError.refused(
                        "no table that takes part is called %s; there are: pgchorus table list"
                                .formatted(pattern));
            }
        }
        all.removeIf(table -> !TablePattern.selects(patterns, table));
        return all;
    }
}
