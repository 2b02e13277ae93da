package org.pgchorus.cli;

import org.pgchorus.daemon.Halts;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Status;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus link show}: one link, and the transaction it stands at. */
@Command(
        name = "show",
        description = {
            "Shows one link in detail, with the transaction it stands at.",
            "If it holds tables: why, the cure, and the first held transaction change by change.",
            "If it stands at a conflict (policy error): both versions side by side."
        },
        footer = {
            "  pgchorus link show n1 n2",
            "  pgchorus link show n1 n2 --json | jq -r .standing_at",
        })
final class LinkShowCommand implements Callable<Integer> {
    @Mixin private LinkParameters link;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Status.Link shown = Orders.showLink(group.address(), link.from(), link.to());
        Optional<HeldChanges.Transaction> held =
                shown.held().isEmpty()
                        ? Optional.empty()
                        : Orders.showHeld(group.address(), link.from(), link.to());
        Optional<Halts.Halt> halt =
                shown.state().equals("stopped")
                        ? Halts.show(group.address(), link.from(), link.to())
                        : Optional.empty();
        output.print(
                () ->
                        text(shown, held)
                                + halt.map(h -> "\n" + HaltView.text(h, link.from())).orElse(""),
                () -> json(shown, held, halt));
        return Exit.WELL;
    }

    private static Map<String, Object> json(
            Status.Link link, Optional<HeldChanges.Transaction> held, Optional<Halts.Halt> halt) {
        Map<String, Object> json = new LinkedHashMap<>(StatusView.json(link));
        json.put("first_held_transaction", held.map(HeldView::json));
        json.put("conflict", halt.map(HaltView::json));
        return json;
    }

    /** The answer for people. */
    static String text(Status.Link link, Optional<HeldChanges.Transaction> held) {
        String tables =
                link.held().isEmpty()
                        ? ""
                        : "\n" + HeldView.tables(link.held()) + HeldView.reasons(link.held());
        String first = held.map(t -> "\nfirst held " + HeldView.transaction(t)).orElse("");
        return facts(link) + tables + first;
    }

    private static String facts(Status.Link link) {
        Facts facts =
                new Facts("link %s->%s is %s".formatted(link.from(), link.to(), link.state()))
                        .fact("reason", link.reason())
                        .fact("stands at", link.standingAt())
                        .fact("lag", Words.size(link.lagBytes()))
                        .fact("behind", Words.seconds(link.lagSeconds()))
                        .fact("lag in transactions", Words.count(link.lagTransactions()))
                        .fact("clock ahead", Words.seconds(link.skewSeconds()))
                        .fact("end of source's log", link.sourceLsn())
                        .fact("received", link.receivedLsn())
                        .fact("applied", link.appliedLsn())
                        .fact("durable", link.durableLsn())
                        .fact("transactions", Words.count(link.transactions()))
                        .fact("changes", Words.count(link.changes()))
                        .fact("conflicts", Words.count(link.conflicts()))
                        .fact("known differences", differences(link.differences()));
        if (link.slot().isPresent()) {
            Status.Slot slot = link.slot().get();
            facts.fact("slot", slot.name())
                    .fact("slot is active", slot.active() ? "yes, pid " + slot.activePid() : "no")
                    .fact("slot restarts at", slot.restartLsn())
                    .fact("slot confirmed", slot.confirmedLsn())
                    .fact("slot retains", Words.size(slot.retainedBytes()))
                    .fact("slot's WAL is", slot.walStatus());
        }
        return facts.text();
    }

    private static String differences(Status.Differences known) {
        return known.count() == 0 ? "" : Words.count(known.count()) + " in " + known.tables();
    }
}
