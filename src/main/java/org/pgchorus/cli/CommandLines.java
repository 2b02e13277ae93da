package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.Durations;
import org.pgchorus.config.Nearest;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Halts;
import org.pgchorus.model.NodeName;
import org.pgchorus.route.Mode;

import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.TypeConversionException;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Builds the tree of commands and runs one command line with it. No state. */
final class CommandLines {
    /** Narrow enough for the smallest usual terminal. */
    private static final int HELP_COLUMNS = 80;

    private CommandLines() {}

    /** Runs one command line; returns the exit status. */
    static int run(Surroundings surroundings, PrintWriter out, PrintWriter err, String... args) {
        return create(surroundings, needed(args)).setOut(out).setErr(err).execute(args);
    }

    /**
     * The one command that is called, if it stands first: looking at all takes longer than most.
     */
    private static List<Class<?>> needed(String... args) {
        return Program.COMMANDS.stream()
                .filter(command -> args.length > 0 && name(command).equals(args[0]))
                .filter(command -> command != HelpCommand.class)
                .filter(command -> command != CompletionCommand.class)
                .findFirst()
                .<List<Class<?>>>map(List::of)
                .orElse(Program.COMMANDS);
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(CommandLine.Command.class).name();
    }

    /** The whole tree, ready to parse. */
    static CommandLine create(Surroundings surroundings) {
        return create(surroundings, Program.COMMANDS);
    }

    private static CommandLine create(Surroundings surroundings, List<Class<?>> commands) {
        CommandLine root = new CommandLine(new Program(surroundings));
        commands.forEach(root::addSubcommand);
        register(root, Address.class, Address::parse);
        register(root, NodeAddress.class, NodeAddress::parse);
        register(root, NodeName.class, NodeName::new);
        register(root, TablePattern.class, TablePattern::parse);
        register(root, Duration.class, Durations::parse);
        registerWords(root, Output.Form.class);
        registerWords(root, NodeJoinCommand.SchemaSource.class);
        registerWords(root, NodeJoinCommand.DataSource.class);
        registerWords(root, NodeReadOnlyCommand.Switch.class);
        registerWords(root, CompletionCommand.Shell.class);
        registerWords(root, Halts.Side.class);
        registerWords(root, Mode.class);
        registerWords(root, Mode.By.class);
        registerWords(root, RouteOptions.Replication.class);
        root.setExpandAtFiles(false);
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

    /** The constants as they spell themselves. */
    private static <E extends Enum<E>> void registerWords(CommandLine root, Class<E> type) {
        List<String> known = Stream.of(type.getEnumConstants()).map(Enum::toString).toList();
        register(
                root,
                type,
                word ->
                        Stream.of(type.getEnumConstants())
                                .filter(constant -> constant.toString().equals(word))
                                .findFirst()
                                .orElseThrow(() ->
                                        new IllegalArgumentException(
                                                "\"%s\" is none of %s%s"
                                                        .formatted(
                                                                word,
                                                                String.join(", ", known),
                                                                Nearest.hint(word, known)))));
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
