package org.pgchorus.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * Goes through the common commands once, without any server: the launcher records what is loaded,
 * and later starts find it ready (the JVM's ahead-of-time cache).
 */
final class Rehearsal {
    /** Nobody listens there, and the refusal comes at once. */
    private static final String NOBODY = "postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable";

    private Rehearsal() {}

    /** Prints nothing; ends well whatever the commands say. */
    public static void main(String[] args) {
        PrintWriter nowhere = new PrintWriter(new StringWriter());
        Surroundings surroundings = Surroundings.ofProcess();
        for (List<String> line :
                List.of(
                        List.of("help"),
                        List.of("version", "--json"),
                        List.of("conflict", "list", "--since", "1h", "--group", NOBODY),
                        List.of("wait", "--json", "--group", NOBODY),
                        List.of("status", "--group", NOBODY))) {
            int status =
                    CommandLines.run(surroundings, nowhere, nowhere, line.toArray(String[]::new));
            nowhere.println(status);
        }
        nowhere.println(new Grid("a", ">b").row("1", Words.size(2_000)).text());
    }
}
