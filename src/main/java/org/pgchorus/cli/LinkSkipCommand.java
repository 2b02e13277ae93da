package org.pgchorus.cli;

import org.pgchorus.daemon.Halts;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Orders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

/** {@code pgchorus link skip}: steps over changes that a link holds. */
@Command(
        name = "skip",
        description = {
            "Steps over a transaction that a link holds, or one change of it; or decides the"
                    + " conflict that a link stands at.",
            "Held are the changes of a table that the receiver cannot apply; mending the cause is"
                    + " better, since then they are applied. What is stepped over is lost at the"
                    + " receiver: it is kept in pgchorus.known_difference there, and status shows"
                    + " it. Without --xid the first held transaction is meant.",
            "A link that stands at a conflict (policy error) keeps the receiver's row and goes on;"
                    + " with --keep remote it applies the incoming change. Either way both versions"
                    + " are in the conflict history."
        },
        footer = {
            "  pgchorus link skip n1 n2 --dry-run",
            "  pgchorus link skip n1 n2 --change 2",
            "  pgchorus link skip n1 n2 --xid 731",
            "  pgchorus link skip n1 n2 --keep remote",
        })
final class LinkSkipCommand implements Callable<Integer> {
    @Mixin private LinkParameters link;

    @Option(
            names = "--xid",
            paramLabel = "N",
            description = "The transaction, by its id at the writer.")
    private Long xid;

    @Option(
            names = "--change",
            paramLabel = "K",
            description = "Only this change of the transaction.")
    private Long change;

    @Option(
            names = "--keep",
            paramLabel = "local|remote",
            description = "For a link that stands at a conflict: the side to keep. Default: local.")
    private Halts.Side keep;

    @Option(names = "--dry-run", description = "Only show what would be stepped over.")
    private boolean dryRun;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Optional<Halts.Halt> decided =
                Halts.choose(
                        group.address(),
                        link.from(),
                        link.to(),
                        optional(xid),
                        optional(change),
                        Optional.ofNullable(keep),
                        dryRun);
        if (decided.isPresent()) {
            output.print(
                    () -> decision() + HaltView.text(decided.get(), link.from()),
                    () -> decisionJson(decided.get()));
            return Exit.WELL;
        }
        HeldChanges.Transaction skipped =
                Orders.skip(
                        group.address(),
                        link.from(),
                        link.to(),
                        optional(xid),
                        optional(change),
                        dryRun);
        output.print(() -> text(skipped, dryRun), () -> json(skipped));
        return Exit.WELL;
    }

    private String decision() {
        String side = side() == Halts.Side.REMOTE ? "the incoming change" : "the receiver's row";
        return (dryRun ? "would keep " : "keeps ") + side + "\n";
    }

    private Object decisionJson(Halts.Halt halt) {
        return Json.object(
                "from", link.from().text(),
                "to", link.to().text(),
                "dry_run", dryRun,
                "keep", side().toString(),
                "conflict", HaltView.json(halt));
    }

    private Halts.Side side() {
        return keep == null ? Halts.Side.DEFAULT : keep;
    }

    private static OptionalLong optional(Long number) {
        return number == null ? OptionalLong.empty() : OptionalLong.of(number);
    }

    /** The answer for people. */
    static String text(HeldChanges.Transaction transaction, boolean dryRun) {
        return (dryRun ? "would skip, of " : "skipped, of ") + HeldView.transaction(transaction);
    }

    private Object json(HeldChanges.Transaction transaction) {
        return Json.object(
                "from", link.from().text(),
                "to", link.to().text(),
                "dry_run", dryRun,
                "skipped", HeldView.json(transaction));
    }
}
