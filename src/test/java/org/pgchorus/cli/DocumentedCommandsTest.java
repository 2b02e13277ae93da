package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Every command line that a document shows is one that the program takes: its commands, options and
 * values are read by the very parser. What it does is not tried here; {@code TutorialScenario} and
 * the examples do that.
 */
class DocumentedCommandsTest {
    /** A block of code, and what stands in it. */
    private static final Pattern BLOCK = Pattern.compile("(?ms)^\\s*```\\w*\\n(.*?)^\\s*```");

    /** The other way to write one. */
    private static final Pattern INDENTED = Pattern.compile("(?m)(?:^ {4}.*\\n)+");

    private static final Pattern IN_LINE = Pattern.compile("`(?:\\./)?pgchorus ([^`\\n]+)`");

    /** A word of a shell: quoted as a whole or in part, or not. */
    private static final Pattern WORD = Pattern.compile("(?:'[^']*'|\"[^\"]*\"|[^\\s'\"])+");

    private static final String ADDRESS = "postgresql://postgres@db1/app";

    /** What documents write for something that the reader knows. */
    private static final Pattern PLACEHOLDER =
            Pattern.compile("[A-Z]?\\.\\.\\.|…|.*[A-Z]{2,}.*|<.*>");

    /** Making all commands takes longer than reading a line with them. */
    private static final CommandLine COMMANDS =
            CommandLines.create(
                    new Surroundings(
                            Map.of("PGCHORUS_GROUP", ADDRESS),
                            false,
                            InstantSource.fixed(Typed.NOW)));

    static Stream<Path> documents() throws IOException {
        List<Path> found = new ArrayList<>(List.of(Path.of("README.md")));
        List<Path> folders =
                Stream.of("docs", "examples", "packaging")
                        .map(Path::of)
                        .filter(Files::isDirectory)
                        .toList();
        for (Path folder : folders) {
            try (Stream<Path> paths = Files.walk(folder)) {
                paths.filter(path -> path.toString().endsWith(".md"))
                        .filter(path -> !path.endsWith("cli.md")) // HelpTest's
                        .sorted()
                        .forEach(found::add);
            }
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyCommandShownIsTaken(Path document) throws IOException {
        for (String line : shown(Files.readString(document))) {
            List<String> words = words(line);
            boolean isForm =
                    words.stream()
                            .anyMatch(word -> word.contains("ADDRESS") || word.matches("\\[.*"));
            assertThat(isForm ? unknown(words) : refusal(words))
                    .as("%s: %s", document, line)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyOptionNamedIsThere(Path document) throws IOException {
        Matcher named = IN_LINE.matcher(Files.readString(document));
        while (named.find()) {
            assertThat(unknown(words(named.group(1))))
                    .as("%s: %s", document, named.group())
                    .isEmpty();
        }
    }

    /** The test itself can fail. */
    @Test
    void whatIsNotTakenIsFound() {
        String text =
                """
                ```
                $ ./pgchorus status --gruop x  # no
                    n1=a
                pgchorus wait
                ```

                    pgchorus verify --all
                    and so on
                """;
        assertThat(shown(text)).containsExactly("status --gruop x", "wait", "verify --all");
        assertThat(refusal(words("status --gruop x"))).contains("--gruop");
        assertThat(refusal(words("stauts"))).isNotEmpty();
        assertThat(refusal(words("wait --timeout 5"))).isNotEmpty();
        assertThat(refusal(words("node join n2=$B --via $A"))).isEmpty();
        assertThat(unknown(words("node jion NAME --via"))).isNotEmpty();
        assertThat(unknown(words("node join NAME --vai"))).contains("--vai");
        assertThat(unknown(words("node join NAME --via"))).isEmpty();
    }

    /** The command lines in blocks of code, without the program's name and what a shell does. */
    private static List<String> shown(String text) {
        List<String> lines = new ArrayList<>();
        Stream<String> fenced = BLOCK.matcher(text).results().map(it -> it.group(1));
        Stream<String> indented =
                INDENTED.matcher(BLOCK.matcher(text).replaceAll(""))
                        .results()
                        .map(it -> it.group());
        for (String block : Stream.concat(fenced, indented).toList()) {
            block.replaceAll("\\s*\\\\\\n\\s*", " ")
                    .lines()
                    .map(String::strip)
                    .map(line -> line.replaceFirst("^\\$ ", ""))
                    .flatMap(line -> Stream.of(line.split("\\s+&&\\s+")))
                    .filter(line -> line.matches("(\\./|\\.\\./\\.\\./)?pgchorus [a-z-].*"))
                    .map(line -> line.replaceFirst("^\\S*pgchorus ", ""))
                    .map(DocumentedCommandsTest::alone)
                    .forEach(lines::add);
        }
        return lines;
    }

    /** Without a comment, where its output goes, and that it runs in the background. */
    private static String alone(String line) {
        return line.replaceFirst("\\s+#.*", "").replaceFirst("\\s+(\\||>|2>|&).*", "").strip();
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            words.add(
                    word.group()
                            .replaceAll("\\$\\{?[A-Z]\\w*\\}?", Matcher.quoteReplacement(ADDRESS))
                            .replaceAll("[\"']", "")
                            .replaceFirst("^(n[1-9])=\\.\\.\\.$", "$1=" + ADDRESS));
        }
        return words;
    }

    /** Why the program would not take it; empty if it would. */
    private static String refusal(List<String> words) {
        try {
            COMMANDS.parseArgs(words.toArray(String[]::new));
            return "";
        } catch (ParameterException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    /** The first command or option of a sentence that there is not. */
    private static String unknown(List<String> words) {
        CommandLine at = COMMANDS;
        for (String bracketed : words) {
            String word = bracketed.replaceAll("[\\[\\]]", "");
            if (word.startsWith("--")) {
                String option = word.replaceFirst("=.*", "").replaceFirst("[,.;:)]+$", "");
                if (!at.getCommandSpec().optionsMap().containsKey(option)) {
                    return option;
                }
            } else if (at.getSubcommands().containsKey(word)) {
                at = at.getSubcommands().get(word);
            } else if (!at.getSubcommands().isEmpty()
                    && !PLACEHOLDER.matcher(word).matches()
                    && Stream.of(word.split("\\|")).anyMatch(at.getSubcommands()::containsKey)) {
                // Several commands in one word, such as pause|resume.
                at = at.getSubcommands().get(word.replaceFirst("\\|.*", ""));
            } else if (at.getCommandSpec().parent() == null) {
                return word;
            } else if (!at.getSubcommands().isEmpty()
                    && !PLACEHOLDER.matcher(word).matches()
                    && at.getCommandSpec().positionalParameters().isEmpty()) {
                return word;
            }
        }
        return "";
    }
}
