package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.pgchorus.demo.ServerOptions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Types {@code docs/tutorial.md}, line by line, on two servers of different versions: every command
 * ends well and shows what the document says. The shell's part is played by this test.
 */
class TutorialScenario {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```\\n(.*?)^```");

    /** What is typed, and the lines that have to be in the answer. */
    private record Step(String typed, List<String> shown) {}

    @Test
    void everyLineDoesWhatItSays() throws IOException {
        List<Step> steps = steps(Files.readString(Path.of("docs/tutorial.md")));
        assertThat(steps).hasSizeGreaterThan(30);
        assumeTrue(BadInputScenario.pgDumpFor(15), "no pg_dump is here");
        try (TestGroup group = TestGroup.of("", List.of(options(15), options(18)), 0)) {
            group.replicateSchema();
            Map<String, String> addresses =
                    Map.of("$A", group.address(0).text(), "$B", group.address(1).text());
            try (Typist typist = new Typist(group, addresses)) {
                for (Step step : steps) {
                    String answer = answer(typist, group, step.typed);
                    for (String line : step.shown) {
                        assertThat(answer).as(step.typed).contains(line.strip());
                    }
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

    private static String answer(Typist typist, TestGroup group, String typed) {
        switch (typed) {
            case "# stop the server of n2" -> group.server(1).stop();
            case "# start the server of n2" -> group.server(1).restart();
            case String line when line.matches("[AB]=.*|export PGCHORUS_GROUP=\\$A") -> {}
            case String line -> {
                return typist.type(line);
            }
        }
        return "";
    }
}
