package org.pgchorus.daemon;

import org.pgchorus.config.Budgets;
import org.pgchorus.config.Sizes;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.SurveySql;
import org.pgchorus.sql.WalSql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one node keeps of its log for its peers, by the peer's id.
 *
 * @param resyncs peers that it has let go, and why
 * @param notes what is not understood, a sentence each
 * @param problem that its followers are to it; empty if none
 */
record WalSurvey(
        Map<Integer, Status.Slot> slots,
        Map<Integer, String> resyncs,
        List<String> notes,
        Optional<String> problem) {
    /** From here on it is said, before it is a problem. */
    private static final double WARNING = 0.5;

    /** Asks a node. */
    static WalSurvey of(Session session) {
        List<String> notes = new ArrayList<>();
        OptionalLong budget = budget(session, notes);
        Map<Integer, Status.Slot> slots = new HashMap<>();
        session.query(
                        SurveySql.SLOTS_OUT,
                        row ->
                                Map.entry(
                                        (int) row.number(1),
                                        new Status.Slot(
                                                row.text(2),
                                                row.truth(3),
                                                row.maybe(4).orElse(""),
                                                row.maybe(5).orElse(""),
                                                row.maybe(6).orElse(""),
                                                row.number(7, 0),
                                                row.text(8),
                                                row.maybe(9)
                                                        .map(b ->
                                                                OptionalLong.of(Long.parseLong(b)))
                                                        .orElse(OptionalLong.empty()),
                                                budget)))
                .forEach(entry -> slots.put(entry.getKey(), entry.getValue()));
        Map<Integer, String> resyncs = new HashMap<>();
        session.query(WalSql.MARKED, row -> Map.entry((int) row.number(1), row.text(2)))
                .forEach(entry -> resyncs.put(entry.getKey(), entry.getValue()));
        Optional<String> problem =
                budget.isPresent()
                        ? WalGuard.ofFollowers(session, budget.getAsLong())
                        : Optional.empty();
        return new WalSurvey(slots, resyncs, notes, problem);
    }

    private static OptionalLong budget(Session session, List<String> notes) {
        try {
            return OptionalLong.of(Budgets.of(WalGuard.settings(session)).bytes());
        } catch (IllegalArgumentException e) {
            notes.add(
                    "WAL is not watched, since the group's settings are wrong: " + e.getMessage());
            return OptionalLong.empty();
        }
    }

    /** What is worth knowing of a link's slot before it is a problem. */
    static List<String> notes(Status.Link link) {
        if (link.slot().isEmpty()) {
            return List.of();
        }
        Status.Slot slot = link.slot().get();
        List<String> notes = new ArrayList<>();
        if (slot.budgetShare() >= WARNING && slot.budgetShare() < 1) {
            notes.add(
                    "warning: node %s keeps %s of WAL for node %s, %.0f %% of the budget of %s"
                            .formatted(
                                    link.from(),
                                    Sizes.rounded(slot.retainedBytes()),
                                    link.to(),
                                    slot.budgetShare() * 100,
                                    Sizes.rounded(slot.budgetBytes().orElseThrow())));
        }
        if (slot.safeBytes().isPresent()
                && slot.safeBytes().getAsLong() < slot.retainedBytes()
                && !slot.isEndangered()) {
            notes.add(
                    ("warning: the server of node %s keeps %s of WAL for node %s and only %s more"
                                    + " (max_slot_wal_keep_size)")
                            .formatted(
                                    link.from(),
                                    Sizes.rounded(slot.retainedBytes()),
                                    link.to(),
                                    Sizes.rounded(slot.safeBytes().getAsLong())));
        }
        return notes;
    }

    /** What is wrong with a link's slot. */
    static List<String> problems(Status.Link link) {
        if (link.slot().isEmpty()) {
            return List.of();
        }
        Status.Slot slot = link.slot().get();
        List<String> problems = new ArrayList<>();
        if (slot.budgetShare() >= 1) {
            problems.add(
                    ("node %1$s keeps %3$s of WAL for node %2$s, over the budget of %4$s"
                                    + " (wal_budget): let node %2$s fetch it, or take it out:"
                                    + " pgchorus node detach %2$s; slots over their budget are let"
                                    + " go by: pgchorus group set slot_overflow=drop")
                            .formatted(
                                    link.from(),
                                    link.to(),
                                    Sizes.rounded(slot.retainedBytes()),
                                    Sizes.rounded(slot.budgetBytes().orElseThrow())));
        }
        if (slot.isEndangered()) {
            problems.add(
                    ("the server of node %s is about to remove WAL that node %s needs"
                                    + " (max_slot_wal_keep_size): let node %s fetch it soon")
                            .formatted(link.from(), link.to(), link.to()));
        }
        return problems;
    }
}
