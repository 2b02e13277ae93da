package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.Checkup;
import org.pgchorus.member.Finding;
import org.pgchorus.member.Vitals;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus check}: are these databases fit to be nodes? */
@Command(
        name = "check",
        description = {
            "Examines databases that are to be nodes.",
            "Settings, limits, rights (by trying them), keys, and, of several databases, whether"
                    + " clocks, collations and extensions fit.",
            "Leaves nothing behind. Every finding names its cure, in the words of the service that"
                    + " runs the server if it is a managed one. Ends with 1 if one of them stands"
                    + " in the way."
        },
        footer = {
            "  pgchorus check postgresql://postgres@db1/app postgresql://postgres@db2/app",
            "  pgchorus check 'host=db1 dbname=app user=repl sslmode=verify-full'",
            "  pgchorus check --json postgresql://postgres@db1/app | jq -r '.[].cure'",
        })
final class CheckCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "ADDRESS",
            description = "The databases, all that are to form one group.")
    private List<String> words;

    @Mixin private Output output;

    @Override
    public Integer call() {
        Map<Address, List<Finding>> examined = new LinkedHashMap<>();
        List<Vitals> vitals = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        List<Address> addresses = words.stream().map(Address::parse).toList();
        int peers = Math.max(1, addresses.size() - 1);
        for (Address address : addresses) {
            try {
                Checkup checkup = Orders.checkup(address, peers);
                examined.put(address, new ArrayList<>(checkup.findings()));
                vitals.add(checkup.vitals());
            } catch (IllegalArgumentException wrongUse) {
                throw wrongUse;
            } catch (RuntimeException failed) {
                // The others are examined all the same.
                failures.add(address.text() + ": " + failed.getMessage());
            }
        }
        for (Finding finding : Vitals.compare(vitals)) {
            examined.forEach((address, findings) -> {
                if (address.text().equals(finding.where())) {
                    findings.add(finding);
                }
            });
        }
        output.print(() -> text(examined), () -> json(examined));
        failures.forEach(failure -> Failures.print(spec.commandLine().getErr(), failure));
        if (examined.values().stream().anyMatch(Findings::anyError)) {
            return Exit.DIFFERS;
        }
        return failures.isEmpty() ? Exit.WELL : Exit.COULD_NOT_TELL;
    }

    private static String text(Map<Address, List<Finding>> examined) {
        StringBuilder text = new StringBuilder();
        examined.forEach((address, findings) ->
                text.append(address.text())
                        .append(
                                Findings.anyError(findings)
                                        ? ": not fit yet\n"
                                        : ": fit to be a node\n")
                        .append(Findings.text(findings)));
        return text.toString();
    }

    private static List<Map<String, Object>> json(Map<Address, List<Finding>> examined) {
        return examined.values().stream()
                .flatMap(findings -> Findings.json(findings).stream())
                .toList();
    }
}
