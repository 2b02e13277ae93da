package org.pgchorus.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How a group stands, at about one moment. Immutable.
 *
 * @param groupId empty for a follower of a server that is in no group
 * @param nodes by id, then followers
 * @param links every ordered pair, unreachable nodes included
 * @param notes what is chosen and worth knowing, a sentence each: not a problem
 */
public record Status(String groupId, List<Node> nodes, List<Link> links, List<String> notes) {
    /** A link that is further behind than this is not well. */
    private static final double LAG_LIMIT_SECONDS = 60;

    /**
     * A node, or a follower.
     *
     * @param id 0 for a follower
     * @param state {@code ready}, {@code joining} or {@code down}; {@code following} for a follower
     *     that is ready
     * @param problem why it cannot be reached, or what is wrong with it; empty if nothing is
     * @param version of its server; empty if not reached
     * @param paused whether all its links stand still by order
     * @param readOnly whether it refuses what clients write
     */
    public record Node(
            int id,
            String name,
            String address,
            String state,
            String problem,
            String version,
            boolean paused,
            boolean readOnly) {
        /** One of which nothing was ordered. */
        public Node(
                int id, String name, String address, String state, String problem, String version) {
            this(id, name, address, state, problem, version, false, false);
        }
    }

    /**
     * A link.
     *
     * @param state {@code streaming}, {@code paused}, {@code starting}, {@code waiting}, {@code
     *     stopped}, {@code down} or, if its source keeps nothing for it any more, {@code resync}
     * @param reason why it is not streaming; empty if it is
     * @param lagBytes of the source's log not applied yet; empty if an end cannot be reached
     * @param lagSeconds since the commit of the newest transaction applied, heartbeats included, so
     *     up to a second on an idle link; zero if no bytes are missing
     * @param lagTransactions about how many are not applied yet: the lacking bytes by what one took
     *     lately; empty if that is not known
     * @param skewSeconds how far ahead of the target's clock the last transaction's commit lay,
     *     negative for behind
     * @param held tables that cannot be changed, while the others flow
     */
    public record Link(
            String from,
            String to,
            String state,
            String reason,
            OptionalLong lagBytes,
            OptionalDouble lagSeconds,
            OptionalLong lagTransactions,
            OptionalDouble skewSeconds,
            String sourceLsn,
            String receivedLsn,
            String appliedLsn,
            String durableLsn,
            long transactions,
            long changes,
            long conflicts,
            String standingAt,
            Optional<Slot> slot,
            List<HeldChanges.HeldTable> held,
            Differences differences) {}

    /**
     * Changes that an operator had stepped over, so that the nodes may differ.
     *
     * @param tables their names, for people; empty if there are none
     */
    public record Differences(long count, String tables) {
        /** Nothing was stepped over. */
        public static final Differences NONE = new Differences(0, "");
    }

    /**
     * The slot at the source that feeds a link.
     *
     * @param safeBytes of WAL that the server would keep for it besides; empty if it has no limit
     * @param budgetBytes of WAL that the group means to keep for it; empty if that is not known
     */
    public record Slot(
            String name,
            boolean active,
            String activePid,
            String restartLsn,
            String confirmedLsn,
            long retainedBytes,
            String walStatus,
            OptionalLong safeBytes,
            OptionalLong budgetBytes) {
        /** One without a budget. */
        public Slot(
                String name,
                boolean active,
                String activePid,
                String restartLsn,
                String confirmedLsn,
                long retainedBytes,
                String walStatus) {
            this(
                    name,
                    active,
                    activePid,
                    restartLsn,
                    confirmedLsn,
                    retainedBytes,
                    walStatus,
                    OptionalLong.empty(),
                    OptionalLong.empty());
        }

        /** How much of the budget is used; 1 is all. */
        double budgetShare() {
            return budgetBytes.isPresent() && budgetBytes.getAsLong() > 0
                    ? (double) retainedBytes / budgetBytes.getAsLong()
                    : 0;
        }

        /** Whether the server may remove what it keeps with the next checkpoint. */
        boolean isEndangered() {
            return walStatus.equals("unreserved");
        }
    }

    /** Everything that is not as it should be, a sentence each; empty if all is well. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (Node node : nodes) {
            boolean well = node.state.equals("ready") || node.state.equals("following");
            if (!well || !node.problem.isEmpty()) {
                problems.add(
                        "node %s is %s%s"
                                .formatted(
                                        node.name,
                                        node.state,
                                        node.problem.isEmpty() ? "" : ": " + node.problem));
            }
            if (node.paused) {
                problems.add(
                        "node %s is paused; to let its links go on: pgchorus node resume %s"
                                .formatted(node.name, node.name));
            }
        }
        for (Link link : links) {
            String name = link.from + "->" + link.to;
            problems.addAll(WalSurvey.problems(link));
            if (link.state.equals("resync")) {
                problems.add("link %s needs a resync: %s".formatted(name, link.reason));
            } else if (!link.state.equals("streaming")) {
                problems.add(
                        "link %s is %s%s"
                                .formatted(
                                        name,
                                        link.state,
                                        link.reason.isEmpty() ? "" : ": " + link.reason));
            } else if (link.lagSeconds.orElse(0) > LAG_LIMIT_SECONDS) {
                problems.add(
                        "link %s is %.0f s behind, over the limit of %.0f s"
                                .formatted(name, link.lagSeconds.orElse(0), LAG_LIMIT_SECONDS));
            }
            for (HeldChanges.HeldTable held : link.held) {
                problems.add(problem(name, held));
            }
            if (link.differences.count > 0) {
                problems.add(problem(name, link));
            }
        }
        return problems;
    }

    private static String problem(String link, HeldChanges.HeldTable held) {
        return "link %s holds table %s with %d change%s%s: %s; cure: %s"
                .formatted(
                        link,
                        held.table(),
                        held.changes(),
                        held.changes() == 1 ? "" : "s",
                        held.key().map(key -> ", first " + key).orElse(""),
                        held.message(),
                        held.cure());
    }

    private static String problem(String name, Link link) {
        String tables = "--table " + link.differences.tables.replace(", ", " --table ");
        return ("link %s: %d change%s of %s stepped over, so the nodes may differ there; cure:"
                        + " pgchorus verify %s shows the rows that do, and pgchorus repair %s"
                        + " --keep NODE, when they are equal, forgets it; both versions are in"
                        + " pgchorus.known_difference at node %s")
                .formatted(
                        name,
                        link.differences.count,
                        link.differences.count == 1 ? "" : "s",
                        link.differences.tables,
                        tables,
                        tables,
                        link.to);
    }
}
