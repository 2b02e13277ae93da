package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Types command lines of documents on a scenario's servers, and plays the shell's part: what stands
 * for an address becomes a real one, {@code run} in the background becomes a daemon. A command that
 * does not end well fails the test.
 */
final class Typist implements AutoCloseable {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```\\n(.*?)^```");
    private static final Pattern WORD = Pattern.compile("(?:'[^']*'|\"[^\"]*\"|[^\\s'\"])+");

    private final TestGroup group;
    private final Map<String, String> addresses;
    private final List<Daemon> daemons = new ArrayList<>();

    /**
     * @param addresses what the document writes for an address, and what it is here
     */
    Typist(TestGroup group, Map<String, String> addresses) {
        this.group = group;
        this.addresses = addresses;
    }

    /** The command lines of a document, block by block, without comments. */
    static List<List<String>> blocks(Path document) throws IOException {
        Matcher block = BLOCK.matcher(Files.readString(document));
        return block.results().map(it -> lines(it.group(1))).toList();
    }

    /** A line goes on behind a backslash, and while a quote is open. */
    private static List<String> lines(String block) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String text : block.lines().toList()) {
            if (line.isEmpty() && (text.isBlank() || text.startsWith("#"))) {
                continue;
            }
            line.append(text.replaceFirst("\\s*\\\\$", "")).append('\n');
            boolean open = line.chars().filter(it -> it == '"').count() % 2 == 1;
            if (!open && !text.endsWith("\\")) {
                lines.add(line.toString().strip());
                line.setLength(0);
            }
        }
        assertThat(line).isEmpty();
        return lines;
    }

    /** Types a line that a document shows, in a block or in a sentence, and nothing else. */
    String type(Path document, String line) throws IOException {
        assertThat(Files.readString(document)).as(document.toString()).contains(line);
        return type(line);
    }

    /** The same for another node than the document's. */
    String typeAs(Path document, String line, String theirs, String ours) throws IOException {
        assertThat(Files.readString(document)).as(document.toString()).contains(line);
        return type(line.replace(theirs, ours));
    }

    /** What the command printed. */
    String type(String line) {
        List<String> words = words(line.replaceFirst("\\s{2,}#.*", ""));
        if (words.getFirst().equals("psql")) {
            words.add(1, "-XAt");
            return done(line, words);
        }
        assertThat(words.removeFirst()).as(line).isEqualTo("pgchorus");
        if (words.getLast().equals("&")) {
            assertThat(words.removeFirst()).as(line).isEqualTo("run");
            words.removeLast();
            daemons.add(Daemon.start(words.stream().map(NodeAddress::parse).toList()));
            return "";
        }
        CommandLine ended = CommandLine.of(group, words.toArray(String[]::new));
        assertThat(ended.status()).as("%s: %s", line, ended.out()).isZero();
        return ended.out();
    }

    private List<String> words(String line) {
        Stream<String> words =
                WORD.matcher(line)
                        .results()
                        .map(MatchResult::group)
                        .map(word -> word.replaceAll("(?s)^([\"'])(.*)\\1$", "$2"));
        return new ArrayList<>(words.map(this::here).toList());
    }

    private String here(String word) {
        for (Map.Entry<String, String> address : addresses.entrySet()) {
            if (word.equals(address.getKey()) || word.endsWith("=" + address.getKey())) {
                String before = word.substring(0, word.length() - address.getKey().length());
                return before + address.getValue();
            }
        }
        return word;
    }

    private static String done(String line, List<String> command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s: %s", line, said).isZero();
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        daemons.forEach(Daemon::close);
    }
}
