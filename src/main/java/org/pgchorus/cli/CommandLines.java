package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.Durations;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.model.NodeName;

import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.TypeConversionException;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.Function;

/** Builds the tree of commands and runs one command line with it. No state. */
final class CommandLines {
    /** Narrow enough for the smallest usual terminal. */
    private static final int HELP_COLUMNS = 80;

    private CommandLines() {}

    /** Runs one command line; returns the exit status. */
    static int run(Surroundings surroundings, PrintWriter out, PrintWriter err, String... args) {
        return create(surroundings).setOut(out).setErr(err).execute(args);
    }

    /** The whole tree, ready to parse. */
    static CommandLine create(Surroundings surroundings) {
        CommandLine root = new CommandLine(new Program(surroundings));
        register(root, Address.class, Address::parse);
        register(root, NodeAddress.class, NodeAddress::parse);
        register(root, NodeName.class, NodeName::new);
        register(root, TablePattern.class, TablePattern::parse);
        register(root, Duration.class, Durations::parse);
        root.setExpandAtFiles(false);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
        root.setParameterExceptionHandler(Failures::wrongUse);
        root.setExecutionExceptionHandler(Failures::failed);
        root.setUsageHelpWidth(HELP_COLUMNS);
        dress(root);
        return root;
    }

    /**
     * A refusal's own words reach the user; picocli's would show the value, and with it passwords.
     */
    private static <T> void register(CommandLine root, Class<T> type, Function<String, T> reader) {
        ITypeConverter<T> converter =
                text -> {
                    try {
                        return reader.apply(text);
                    } catch (IllegalArgumentException refused) {
                        throw new TypeConversionException(refused.getMessage());
                    }
                };
        root.registerConverter(type, converter);
    }

    /** Gives every help text the same headings. */
    private static void dress(CommandLine command) {
        UsageMessageSpec usage = command.getCommandSpec().usageMessage();
        usage.descriptionHeading("%n");
        usage.parameterListHeading("%nParameters:%n");
        usage.optionListHeading("%nOptions:%n");
        usage.commandListHeading("%nCommands:%n");
        usage.footerHeading("%nExamples:%n");
        usage.sortOptions(false);
        command.getSubcommands().values().forEach(CommandLines::dress);
    }
}
