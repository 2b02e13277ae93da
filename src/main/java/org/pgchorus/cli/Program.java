package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

import java.util.List;

/** {@code pgchorus}: the command all others hang on. */
@Command(
        name = "pgchorus",
        description = "Write to any PostgreSQL, all of them agree.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "  pgchorus demo",
            "  pgchorus check postgresql://postgres@db1/app postgresql://postgres@db2/app",
            "  pgchorus group create n1=postgresql://postgres@db1/app",
            "  pgchorus run n1=postgresql://postgres@db1/app n2=postgresql://postgres@db2/app",
            "  pgchorus node join n2=postgresql://postgres@db2/app \\",
            "      --via postgresql://postgres@db1/app",
            "  export PGCHORUS_GROUP=postgresql://postgres@db1/app",
            "  pgchorus status",
        })
final class Program implements Runnable {
    /** All commands, in the order of the help text. */
    static final List<Class<?>> COMMANDS =
            List.of(
                    DemoCommand.class,
                    ExampleCommand.class,
                    CheckCommand.class,
                    GroupCommand.class,
                    NodeCommand.class,
                    RunCommand.class,
                    StatusCommand.class,
                    LagCommand.class,
                    WaitCommand.class,
                    VerifyCommand.class,
                    RepairCommand.class,
                    RouteCommand.class,
                    HaproxyCommand.class,
                    LinkCommand.class,
                    ConflictCommand.class,
                    TableCommand.class,
                    DdlCommand.class,
                    OrphanCommand.class,
                    SequenceCommand.class,
                    LoadCommand.class,
                    SupportCommand.class,
                    BenchCommand.class,
                    VersionCommand.class,
                    CompletionCommand.class,
                    HelpCommand.class);

    private final Surroundings surroundings;

    @Spec private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help.")
    @SuppressWarnings("UnusedVariable") // picocli asks its option, not the field
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            description = "Prints the version.")
    private boolean version;

    Program(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** What the command sees of its process. */
    static Surroundings surroundings(CommandSpec spec) {
        return ((Program) spec.root().userObject()).surroundings;
    }

    @Override
    public void run() {
        if (!version) {
            throw Failures.missingCommand(spec.commandLine());
        }
        spec.commandLine().getOut().println(Version.line());
    }
}
