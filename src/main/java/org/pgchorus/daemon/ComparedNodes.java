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
import org.pgchorus.verify.Pace;
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

/**
 * The nodes of a group with all that comparing them takes: sessions, a fence, a verifier.
 *
 * <p>One thread.
 */
final class ComparedNodes implements AutoCloseable {
    private static final String NAME = "pgchorus verify";

    /** A server that says nothing for so long is frozen, or out of reach. */
    private static final Duration SILENCE = Duration.ofSeconds(30);

    /** The same while it reads rows: longer than its own limit for a statement. */
    private static final Duration LONG_SILENCE = Duration.ofSeconds(90);

    private final GroupSessions group;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Member> compared = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Verifier verifier;

    /**
     * How they are compared.
     *
     * @param between which nodes; all if empty
     * @param patience how long, for a table, to wait for what is under way
     * @param shown how many rows that differ are shown, for a table
     * @param pace how fast at most
     */
    record Terms(List<NodeName> between, Duration patience, int shown, Pace pace) {}

    /** Opens them all; those that cannot be compared are told of in {@link #skipped}. */
    ComparedNodes(Address any, Terms terms, VerifyProgress progress) {
        group = GroupSessions.open(any, SILENCE);
        try {
            List<Member> chosen =
                    terms.between.isEmpty()
                            ? group.members()
                            : terms.between.stream().map(group::member).toList();
            chosen.forEach(this::open);
            verifier =
                    new Verifier(
                            nodes,
                            new PositionFence(group, compared, terms.patience),
                            new Verifier.Terms(terms.patience, terms.shown, terms.pace, skipped),
                            progress,
                            executor);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void open(Member member) {
        if (!member.ready()) {
            skipped.add("node %s is not ready".formatted(member.name()));
        } else if (group.sessions().containsKey(member.id())) {
            Session session = Session.open(member.address(), NAME);
            session.giveUpAfter(LONG_SILENCE);
            compared.add(member);
            nodes.add(new Node(member.name(), member.id(), session));
        } else {
            skipped.add(
                    "node %s cannot be reached: %s"
                            .formatted(member.name(), group.problems().get(member.id())));
        }
    }

    GroupSessions group() {
        return group;
    }

    Verifier verifier() {
        return verifier;
    }

    /** Those that are compared. */
    List<Member> members() {
        return List.copyOf(compared);
    }

    List<NodeName> memberNames() {
        return compared.stream().map(Member::name).toList();
    }

    /** Why some are not compared that ought to be. */
    List<String> skipped() {
        return List.copyOf(skipped);
    }

    /** The names of all nodes of the group by their numbers, as stamps have them. */
    Map<Integer, NodeName> names() {
        return group.members().stream()
                .collect(Collectors.toMap(Member::id, Member::name, (a, b) -> a, TreeMap::new));
    }

    /**
     * The tables that take part somewhere.
     *
     * @param patterns which of them; all if empty
     * @throws PgError if one that is asked for takes part nowhere
     */
    SortedSet<TableName> tables(List<TablePattern> patterns) {
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

    @Override
    public void close() {
        nodes.forEach(node -> node.session().close());
        group.close();
        executor.close();
    }
}
