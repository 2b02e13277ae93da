package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.model.NodeName;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Types {@code docs/tutorial.md}, line by line, on two servers of different versions: every command
 * ends well and shows what the document says. The shell's part is played by this test.
 */
class TutorialScenario {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```\\n(.*?)^```");
    private static final Pattern QUESTION = Pattern.compile("psql \\$([AB]) -c \"(.*)\"");

    /** What is typed, and the lines that have to be in the answer. */
    private record Step(String typed, List<String> shown) {}

    private Daemon daemon;

    @Test
    void everyLineDoesWhatItSays() throws IOException {
        List<Step> steps = steps(Files.readString(Path.of("docs/tutorial.md")));
        assertThat(steps).hasSizeGreaterThan(30);
        assumeTrue(BadInputScenario.pgDumpFor(15), "no pg_dump is here");
        try (TestGroup group = TestGroup.of("", List.of(options(15), options(18)), 0)) {
            group.replicateSchema();
            try {
                for (Step step : steps) {
                    String answer = answer(group, step.typed);
                    for (String line : step.shown) {
                        assertThat(answer).as(step.typed).contains(line.strip());
                    }
                }
            } finally {
                if (daemon != null) {
                    daemon.close();
                }
            }
        }
    }

    private static ServerOptions options(int major) {
        return ServerOptions.of(major);
    }

    private static List<Step> steps(String document) {
        List<Step> steps = new ArrayList<>();
        Matcher block = BLOCK.matcher(document);
        while (block.find()) {
            if (!block.group(1).startsWith("$ ")) {
                continue;
            }
            for (String line : block.group(1).lines().toList()) {
                if (line.startsWith("$ ")) {
                    steps.add(new Step(line.substring(2), new ArrayList<>()));
                } else {
                    steps.getLast().shown.add(line);
                }
            }
        }
        return steps;
    }

    private String answer(TestGroup group, String typed) {
        Matcher question = QUESTION.matcher(typed);
        if (question.matches()) {
            return asked(group, question.group(1).equals("A") ? 0 : 1, question.group(2));
        }
        if (typed.startsWith("pgchorus run ")) {
            daemon = Daemon.start(List.of(node("n1", group, 0), node("n2", group, 1)));
            return "";
        }
        if (typed.startsWith("pgchorus ")) {
            return said(group, typed.substring("pgchorus ".length()));
        }
        switch (typed) {
            case "# stop the server of n2" -> group.server(1).stop();
            case "# start the server of n2" -> group.server(1).restart();
            default -> assertThat(typed).matches("[AB]=.*|export PGCHORUS_GROUP=\\$A");
        }
        return "";
    }

    private static NodeAddress node(String name, TestGroup group, int number) {
        return new NodeAddress(new NodeName(name), group.address(number));
    }

    private static String asked(TestGroup group, int node, String sql) {
        if (sql.startsWith("SELECT")) {
            return String.join("\n", group.rows(node, sql));
        }
        group.run(node, sql);
        return "";
    }

    private static String said(TestGroup group, String line) {
        String[] words =
                line.replace("$A", group.address(0).text())
                        .replace("$B", group.address(1).text())
                        .split(" ");
        CommandLine ended = CommandLine.of(group, words);
        if (ended.status() != 0) {
            fail("pgchorus %s ended with %d:%n%s".formatted(line, ended.status(), ended.out()));
        }
        return ended.out();
    }
}
