package org.pgchorus.daemon;

import org.pgchorus.config.Budgets;
import org.pgchorus.config.Budgets.Budget;
import org.pgchorus.config.Sizes;
import org.pgchorus.member.Identity;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.WalSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Looks how much of its log a node keeps for each peer. Over the group's budget it is logged, and,
 * if the group chose so, the slot is let go and the peer marked as one that has to be resynced: one
 * dead node must not fill the disks of the others.
 *
 * <p>A follower's slot is let go like a node's; its link then says what to do. It is not marked,
 * since nothing else waits for it.
 *
 * <p>What is let go is decided by what the peer has not confirmed: a long transaction here makes
 * every slot keep much, and is no peer's fault. A newcomer that is still joining is never let go.
 *
 * <p>One thread, the session's.
 */
final class WalGuard {
    private static final Logger LOG = LoggerFactory.getLogger(WalGuard.class);

    /** At 50 ms each: half a second, then the next look tries again. */
    private static final int ATTEMPTS = 10;

    private final Identity identity;
    private final Set<String> over = new HashSet<>();
    private String problem = "";

    WalGuard(Identity identity) {
        this.identity = identity;
    }

    private record Kept(
            int peer,
            String name,
            String slot,
            long bytes,
            long unconfirmedBytes,
            String status,
            boolean marked) {
        boolean isFollower() {
            return peer == 0;
        }
    }

    /** Looks at all slots once. */
    void look(Session control) {
        Budget budget;
        try {
            budget = Budgets.of(settings(control));
        } catch (IllegalArgumentException e) {
            // Written by hand: nothing is let go by a rule that cannot be read.
            if (!problem.equals(e.getMessage())) {
                problem = e.getMessage();
                LOG.warn("node {} cannot watch its WAL: {}", identity.name(), problem);
            }
            return;
        }
        for (Kept kept : control.query(WalSql.KEPT, WalGuard::kept)) {
            if (kept.status.equals("lost")) {
                mark(control, kept);
            } else if (kept.bytes <= budget.bytes()) {
                over.remove(kept.slot);
            } else {
                exceeded(control, kept, budget);
            }
        }
    }

    /** Followers for which a node keeps more than the budget: a sentence about it. */
    static Optional<String> ofFollowers(Session session, long budgetBytes) {
        String over =
                session.query(WalSql.KEPT, WalGuard::kept).stream()
                        .filter(kept -> kept.isFollower() && kept.bytes > budgetBytes)
                        .map(kept -> "%s for %s".formatted(Sizes.rounded(kept.bytes), kept.name))
                        .collect(Collectors.joining(", "));
        return Optional.of(
                        ("it keeps WAL for followers over the budget of %s (wal_budget): %s; let"
                                        + " them fetch it, or take them out: pgchorus node remove"
                                        + " ADDRESS")
                                .formatted(Sizes.rounded(budgetBytes), over))
                .filter(sentence -> !over.isEmpty());
    }

    /** The group's settings as a node has them. */
    static Map<String, String> settings(Session session) {
        Map<String, String> settings = new HashMap<>();
        session.query(MemberSql.SETTINGS, row -> Map.entry(row.text(1), row.text(2)))
                .forEach(entry -> settings.put(entry.getKey(), entry.getValue()));
        return settings;
    }

    private static Kept kept(Session.Answer row) {
        return new Kept(
                (int) row.number(1),
                row.text(2),
                row.text(3),
                row.number(4),
                row.number(5),
                row.text(6),
                row.truth(7));
    }

    private void mark(Session control, Kept kept) {
        if (!kept.marked && !kept.isFollower()) {
            control.update(
                    WalSql.MARK,
                    kept.peer,
                    "the server has removed WAL that the slot %s still needed"
                            .formatted(kept.slot));
            LOG.warn("node {}: the slot for node {} is lost", identity.name(), kept.name);
        }
    }

    private void exceeded(Session control, Kept kept, Budget budget) {
        boolean first = over.add(kept.slot);
        if (first) {
            LOG.warn(
                    "node {} keeps {} of WAL for node {}, over the budget of {}",
                    identity.name(),
                    Sizes.rounded(kept.bytes),
                    kept.name,
                    Sizes.rounded(budget.bytes()));
        }
        if (budget.drops() && kept.unconfirmedBytes > budget.bytes()) {
            letGo(control, kept, budget);
        }
    }

    /** Marked first: a crash in between leaves a mark too many, never a slot lost in silence. */
    private void letGo(Session control, Kept kept, Budget budget) {
        if (!kept.marked && !kept.isFollower()) {
            control.inTransaction(() -> {
                control.execute("SET LOCAL synchronous_commit = local");
                return control.update(
                        WalSql.MARK,
                        kept.peer,
                        "its slot kept %s of WAL, over the budget of %s, and was let go"
                                .formatted(
                                        Sizes.rounded(kept.bytes), Sizes.rounded(budget.bytes())));
            });
        }
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                control.query(MemberSql.END_STREAM, row -> 0, kept.slot);
                control.query(MemberSql.DROP_SLOT, row -> 0, kept.slot);
                over.remove(kept.slot);
                LOG.warn(
                        "node {} has let go of the slot for {} {}",
                        identity.name(),
                        kept.isFollower() ? "follower" : "node",
                        kept.name);
                return;
            } catch (PgError.Busy e) {
                if (e.sqlState().startsWith("08")) {
                    throw e;
                }
                control.value(WalSql.MOMENT);
            }
        }
        LOG.warn("node {}: the slot {} is in use; tried again", identity.name(), kept.slot);
    }
}
