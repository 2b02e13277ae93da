package org.pgchorus.cli;

import org.pgchorus.config.Address;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --group}: through which node a command finds its group. */
final class GroupOption {
    static final String VARIABLE = "PGCHORUS_GROUP";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = {"-g", "--group"},
            paramLabel = "ADDRESS",
            description = {
                "Any node of the group, as libpq writes addresses: a URI or key=value words."
                        + " Without it the variable "
                        + VARIABLE
                        + " counts."
            })
    private Address given;

    /** The address given with the option or in the environment. */
    Address address() {
        if (given != null) {
            return given;
        }
        String text = Program.surroundings(command).environment().getOrDefault(VARIABLE, "");
        if (text.isBlank()) {
            throw new ParameterException(
                    command.commandLine(),
                    "which group? Name any node of it with --group ADDRESS or in the variable "
                            + VARIABLE
                            + ", such as postgresql://postgres@db1/app");
        }
        try {
            return Address.parse(text);
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(
                    command.commandLine(), VARIABLE + ": " + refused.getMessage(), refused);
        }
    }
}
