package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Every command explains itself, and {@code docs/cli.md} says the same. */
class HelpTest {
    private static final Path DOCUMENT = Path.of("docs/cli.md");
    private static final String REWRITE = "pgchorus.rewrite.docs";

    /** As a shell splits them. */
    private static final Pattern WORD = Pattern.compile("'[^']*'|\\S+");

    private static final CommandLine PROGRAM = CommandLines.create(Surroundings.ofProcess());

    @Test
    void everyCommandHasHelpThatEndsWithExamples() {
        for (CommandLine command : all(PROGRAM).toList()) {
            String name = command.getCommandSpec().qualifiedName();
            Typed typed = Typed.of(words(command, "--help"));
            assertThat(typed.status()).as(name).isEqualTo(Exit.WELL);
            assertThat(typed.out())
                    .as(name)
                    .startsWith("Usage: " + name)
                    .contains("--help", "\nExamples:\n");
            assertThat(command.getCommandSpec().usageMessage().footer())
                    .as(name)
                    .isNotEmpty()
                    .anyMatch(line -> line.startsWith("  " + name))
                    .allMatch(line -> line.length() <= 80);
        }
    }

    @Test
    void examplesAreUnderstood() {
        for (CommandLine command : all(PROGRAM).toList()) {
            for (String line : examples(command)) {
                if (line.startsWith("pgchorus ")) {
                    List<String> arguments =
                            WORD.matcher(line)
                                    .results()
                                    .map(word -> word.group().replace("'", ""))
                                    .skip(1)
                                    .takeWhile(word -> !word.matches("[|&>#]+"))
                                    .toList();
                    assertThat(PROGRAM.parseArgs(arguments.toArray(String[]::new)).errors())
                            .as(line)
                            .isEmpty();
                }
            }
        }
    }

    /** The lines of a command's examples; those that go on behind a backslash are one. */
    private static List<String> examples(CommandLine command) {
        String text = String.join("\n", command.getCommandSpec().usageMessage().footer());
        return text.replaceAll("\\\\\\s+", "").lines().map(String::strip).toList();
    }

    @Test
    void helpIsTheSameAsTheOption() {
        assertThat(Typed.of("help", "node", "join"))
                .isEqualTo(Typed.of("node", "join", "--help"))
                .isEqualTo(Typed.of("node", "join", "-h"));
        assertThat(Typed.of("help")).isEqualTo(Typed.of("--help"));
    }

    @Test
    void theVersionIsToldInThreeWays() {
        assertThat(Typed.of("--version").out())
                .isEqualTo(Typed.of("version").out())
                .matches("pgchorus [0-9]+\\.[0-9]+\\.[0-9]+\\R");
        assertThat(Typed.of("version", "--json").out()).contains("\"version\": \"");
    }

    @Test
    void completionScriptsNameTheCommands() {
        for (String shell : List.of("bash", "zsh")) {
            Typed typed = Typed.of("completion", shell);
            assertThat(typed.status()).isEqualTo(Exit.WELL);
            assertThat(typed.out()).contains("complete -F", "conflict", "--no-wait");
        }
    }

    @Test
    void theDocumentIsTheHelp() throws IOException {
        String wanted = document();
        if (Boolean.getBoolean(REWRITE)) {
            Files.writeString(DOCUMENT, wanted);
        }
        assertThat(DOCUMENT)
                .as("rewrite it with: mvn test -Dtest=HelpTest -DargLine=-D%s=true", REWRITE)
                .content()
                .isEqualTo(wanted);
    }

    private static String document() {
        StringBuilder text =
                new StringBuilder(
                        """
                        # Commands

                        The help texts of the program, written down by a test: change them there.

                        Exit status: 0 well, 1 something differs, is unhealthy or did not happen in
                        time, 2 used wrongly, 3 could not tell.
                        """);
        all(PROGRAM)
                .forEach(command ->
                        text.append(
                                "\n## %s\n\n```\n%s```\n"
                                        .formatted(
                                                command.getCommandSpec().qualifiedName(),
                                                command.getUsageMessage(
                                                        CommandLine.Help.Ansi.OFF))));
        return text.toString();
    }

    private static Stream<CommandLine> all(CommandLine command) {
        return Stream.concat(
                Stream.of(command),
                command.getSubcommands().values().stream().flatMap(HelpTest::all));
    }

    private static String[] words(CommandLine command, String last) {
        List<String> words =
                new ArrayList<>(List.of(command.getCommandSpec().qualifiedName().split(" ")));
        words.removeFirst();
        words.add(last);
        return words.toArray(String[]::new);
    }
}
