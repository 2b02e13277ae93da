package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Policy;
import org.pgchorus.member.Finding;
import org.pgchorus.member.Member;
import org.pgchorus.member.PolicyExaminer;
import org.pgchorus.member.TablePolicy;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.PolicySql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Sets what decides the conflicts of a table, on every node or on none. No state.
 *
 * <p>Everything is examined on every node first. Then each node does all of it in one transaction;
 * these are committed when all have done it. A failure between two commits leaves nodes that
 * disagree; {@link #show} says so, and setting it again mends it.
 */
public final class PolicyOrders {
    /**
     * Somebody's long transaction may stand in the way; meanwhile clients must not queue behind.
     */
    private static final String LOCK_LIMIT = "SET LOCAL lock_timeout = '1s'";

    private static final int LOCK_ATTEMPTS = 20;
    private static final long RETRY_MILLIS = 500;

    /** A daemon looks four times a second. */
    private static final long NOTICE_MILLIS = 10_000;

    private static final long POLL_MILLIS = 50;

    /** What is under way must be applied before a column can become a delta column. */
    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(60);

    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private PolicyOrders() {}

    /**
     * What to change.
     *
     * @param rule {@code last_update_wins}, {@code apply_remote}, {@code keep_local}, {@code error}
     *     or {@code function}; empty to leave it
     * @param function with the rule {@code function}
     * @param delta columns that become delta columns; those there are stay
     * @param plain columns that are none any more
     */
    public record Change(
            Optional<String> rule,
            Optional<String> function,
            Set<String> delta,
            Set<String> plain) {
        /** Refuses what no table could have. */
        public Change {
            delta = Set.copyOf(delta);
            plain = Set.copyOf(plain);
            if (rule.isPresent() && !rules().contains(rule.get())) {
                throw new IllegalArgumentException(
                        "there is no policy \"%s\"; there are %s"
                                .formatted(rule.get(), String.join(", ", rules())));
            }
            if (function.isPresent() != rule.equals(Optional.of("function"))) {
                throw new IllegalArgumentException(
                        function.isPresent()
                                ? "--function belongs to the policy function"
                                : "the policy function needs to know which: --function NAME");
            }
            Set<String> both = new TreeSet<>(delta);
            both.retainAll(plain);
            if (!both.isEmpty()) {
                throw new IllegalArgumentException(
                        "column %s can be delta or none, not both"
                                .formatted(both.iterator().next()));
            }
        }

        /** The names of the rules. */
        public static List<String> rules() {
            return java.util.Arrays.stream(Policy.Rule.values()).map(Policy.Rule::sqlName).toList();
        }
    }

    /**
     * A table's policy.
     *
     * @param deltaColumns in the order of their names
     * @param done what was done to the tables, a sentence each
     * @param warnings what is worth knowing, a sentence each
     */
    public record Outcome(
            TableName table,
            String rule,
            Optional<String> function,
            List<String> deltaColumns,
            List<String> done,
            List<String> warnings) {}

    /** The policy of a table, as the asked node has it. */
    public static Outcome show(Address any, String table) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Session asked = group.sessions().values().iterator().next();
            TableName name = Orders.named(asked, table);
            Policy policy = policy(asked, name);
            List<String> warnings = new ArrayList<>(words(name, policy));
            group.sessions()
                    .forEach((id, session) -> {
                        Policy other = policy(session, name);
                        if (!other.equals(policy)) {
                            warnings.add(
                                    "node %s has another policy for it: %s; set it again"
                                            .formatted(group.name(id), text(other)));
                        }
                    });
            return outcome(name, policy, List.of(), warnings);
        }
    }

    private static Policy policy(Session session, TableName name) {
        return Catalog.policies(session).getOrDefault(name, Policy.DEFAULT);
    }

    private static Outcome outcome(
            TableName name, Policy policy, Collection<String> done, List<String> warnings) {
        return new Outcome(
                name,
                policy.rule().sqlName(),
                policy.function(),
                List.copyOf(new TreeSet<>(policy.deltaColumns())),
                List.copyOf(done),
                List.copyOf(warnings));
    }

    /** {@code function public.merge_item, delta: a, b}. */
    static String text(Policy policy) {
        return policy.rule().sqlName()
                + policy.function().map(f -> " " + f).orElse("")
                + (policy.deltaColumns().isEmpty()
                        ? ""
                        : ", delta: " + String.join(", ", new TreeSet<>(policy.deltaColumns())));
    }

    /** Why the nodes may end different under a policy; nothing if they cannot. */
    static List<String> words(TableName table, Policy policy) {
        return switch (policy.rule()) {
            case LAST_UPDATE_WINS, ERROR -> List.of();
            case APPLY_REMOTE ->
                    List.of(
                            "table %s does not converge under apply_remote: of two concurrent"
                                            .formatted(table)
                                    + " updates each node ends with the other's");
            case KEEP_LOCAL ->
                    List.of(
                            "table %s does not converge under keep_local: of two concurrent"
                                            .formatted(table)
                                    + " updates each node keeps its own");
            case FUNCTION ->
                    List.of(
                            ("table %s converges only if %s gives the same row whichever of its two"
                                            + " rows comes first (commutative), and, with three"
                                            + " nodes or more, in whatever order and however often"
                                            + " rows meet (associative, idempotent)")
                                    .formatted(table, policy.function().orElseThrow()));
        };
    }

    /** A sentence for each table of a node that does not converge by its own rule. */
    static List<String> notes(Session session) {
        List<String> notes = new ArrayList<>();
        Catalog.policies(session)
                .forEach((table, policy) -> {
                    if (policy.rule() != Policy.Rule.FUNCTION) {
                        notes.addAll(words(table, policy));
                    }
                });
        return notes;
    }

    /**
     * Sets it on every node, and waits until the daemons go by it.
     *
     * @throws PgError.Refused with everything that stands in the way, on any node
     */
    public static Outcome set(Address any, String table, Change change)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any)) {
            // Joins take the policies along, so none may begin or go on meanwhile.
            group.lockMembership(
                    group.sessions(), "a change of the group's membership or of a policy");
            Session asked = group.sessions().values().iterator().next();
            TableName name = Orders.named(asked, table);
            Policy policy = changed(asked, name, policy(asked, name), change);
            List<Finding> findings = examine(group, name, policy);
            Finding.requireNone(findings);
            List<String> warnings = new ArrayList<>(words(name, policy));
            findings.forEach(f -> warnings.add(f.line()));
            Map<String, Set<String>> done = new TreeMap<>();
            if (!policy(asked, name).deltaColumns().containsAll(policy.deltaColumns())) {
                carryOldRows(any, group, name, done);
            }
            locked(name, () -> onAll(group, name, s -> TablePolicy.set(s, name, policy), done));
            warnings.addAll(awaitInForce(group));
            List<String> sentences = new ArrayList<>();
            done.forEach((sentence, nodes) ->
                    sentences.add("on %s: %s".formatted(String.join(", ", nodes), sentence)));
            return outcome(name, policy, sentences, warnings);
        }
    }

    private static Policy changed(Session asked, TableName name, Policy before, Change change) {
        Policy.Rule rule =
                change.rule
                        .map(word -> Policy.Rule.valueOf(word.toUpperCase(Locale.ROOT)))
                        .orElse(before.rule());
        Optional<String> function =
                change.rule.isPresent()
                        ? change.function.map(f -> fullName(asked, name, f))
                        : before.function();
        Set<String> columns = new TreeSet<>(before.deltaColumns());
        for (String column : change.plain) {
            if (!columns.remove(column)) {
                throw PgError.refused(
                        "column %s of table %s is no delta column".formatted(column, name));
            }
        }
        columns.addAll(change.delta);
        return new Policy(rule, function, columns);
    }

    /** With its schema, since nodes and sessions may look for it in others. */
    private static String fullName(Session asked, TableName name, String function) {
        try {
            return asked.first(
                            PolicySql.FULL_NAME,
                            row -> row.text(1),
                            PolicySql.signature(function, name))
                    .orElse(function);
        } catch (PgError.Refused e) {
            return function; // said by the examination
        }
    }

    private static List<Finding> examine(GroupSessions group, TableName name, Policy policy) {
        List<Finding> findings = new ArrayList<>();
        for (Member member : group.members()) {
            Session session = group.sessions().get(member.id());
            if (session == null) {
                findings.add(
                        new Finding(
                                member.name().text(),
                                "reach",
                                Finding.Severity.ERROR,
                                "the node cannot be reached, and all have to have the same policy: "
                                        + group.problems().get(member.id()),
                                "start it"));
            } else {
                findings.addAll(
                        new PolicyExaminer(session, member.name().text(), name)
                                .examineMember(policy));
            }
        }
        return findings;
    }

    /**
     * Updates have to carry the old row before anyone counts by it; those under way, written before
     * that, have to be applied first.
     */
    private static void carryOldRows(
            Address any, GroupSessions group, TableName name, Map<String, Set<String>> done)
            throws InterruptedException {
        locked(
                name,
                () ->
                        onAll(
                                group,
                                name,
                                s -> TablePolicy.identityFull(s, name).stream().toList(),
                                done));
        List<LinkName> late =
                Waiting.untilApplied(any, DRAIN_LIMIT, Optional.empty(), Optional.empty());
        if (!late.isEmpty()) {
            throw PgError.refused(
                    ("updates of table %s that do not carry the old row are still under way on %s;"
                                    + " the table has REPLICA IDENTITY FULL now, and no delta"
                                    + " column; let the links flow (pgchorus status), and set it"
                                    + " again")
                            .formatted(name, late));
        }
    }

    /** Tries until the locks can be had. */
    private static void locked(TableName name, Runnable attempt) throws InterruptedException {
        for (int attempts = 1; ; attempts++) {
            try {
                attempt.run();
                return;
            } catch (PgError.Busy e) {
                if (!e.sqlState().equals(LOCK_NOT_AVAILABLE)) {
                    throw e;
                }
                if (attempts == LOCK_ATTEMPTS) {
                    throw PgError.refused(
                            ("table %s cannot be locked: a transaction that uses it stays open;"
                                            + " end it, and try again (%s)")
                                    .formatted(name, e.getMessage()),
                            e);
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        }
    }

    /** Does it on all nodes, then commits on all; collects what was done and where. */
    private static void onAll(
            GroupSessions group,
            TableName name,
            Function<Session, List<String>> work,
            Map<String, Set<String>> done) {
        Map<String, Set<String>> sentences = new TreeMap<>();
        group.onAllOrNone(
                (id, session) -> {
                    session.execute(LOCK_LIMIT);
                    for (String sentence : work.apply(session)) {
                        sentences
                                .computeIfAbsent(sentence, s -> new TreeSet<>())
                                .add(group.name(id));
                    }
                },
                "the change of table %s is done".formatted(name));
        done.putAll(sentences);
    }

    private static List<String> awaitInForce(GroupSessions group) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(NOTICE_MILLIS);
        Map<Integer, Session> waiting = new TreeMap<>(group.sessions());
        while (true) {
            waiting.values().removeIf(s -> s.value(PolicySql.IN_FORCE).equals("t"));
            if (waiting.isEmpty()) {
                return List.of();
            }
            if (System.nanoTime() > deadline) {
                return waiting.keySet().stream()
                        .map(id ->
                                "the daemon of node %s has not taken notice within %d s"
                                        .formatted(group.name(id), NOTICE_MILLIS / 1000))
                        .toList();
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }
}
