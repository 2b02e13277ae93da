package org.pgchorus.cli;

import org.pgchorus.daemon.Orphans;
import org.pgchorus.daemon.Orphans.Chosen;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus orphan policy}: what is done about the orphans of a foreign key? */
@Command(
        name = "policy",
        description = {
            "Chooses what is done about the orphans of a foreign key, on every node.",
            "Without a constraint: shows all foreign keys and what was chosen.",
            "",
            "report: they are listed only. This is the default.",
            "restore-parent: the parent's last version is written again; versions are kept from"
                    + " now on.",
            "remove-child: the row is deleted.",
            "set-null: the columns that refer become NULL."
        },
        footer = {
            "  pgchorus orphan policy",
            "  pgchorus orphan policy invoice_customer_fkey restore-parent",
            "  pgchorus orphan policy line_fkey remove-child --table public.line",
        })
final class OrphanPolicyCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            index = "0",
            paramLabel = "CONSTRAINT",
            description = "The foreign key's name.")
    private String constraint;

    @Parameters(
            arity = "0..1",
            index = "1",
            paramLabel = "POLICY",
            completionCandidates = Policies.class,
            description = "One of: ${COMPLETION-CANDIDATES}.")
    private String policy;

    @Option(
            names = "--table",
            paramLabel = "TABLE",
            description = "The table that refers, where several have a constraint of that name.")
    private String table;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    /** What can be typed. */
    static final class Policies implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return Orphans.policyNames().iterator();
        }
    }

    @Override
    public Integer call() {
        if (constraint == null) {
            List<Chosen> keys = Orphans.foreignKeys(group.address());
            output.print(
                    () -> OrphanView.policies(keys),
                    () -> keys.stream().map(OrphanView::json).toList());
            return Exit.WELL;
        }
        if (policy == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "which policy for %s? One of %s".formatted(constraint, Orphans.policyNames()));
        }
        Chosen key =
                Orphans.choose(group.address(), constraint, Optional.ofNullable(table), policy);
        output.print(
                () ->
                        "orphans of %s (%s): %s, on every node%n"
                                .formatted(key.constraint(), key.table(), key.policy()),
                () -> OrphanView.json(key));
        return Exit.WELL;
    }
}
