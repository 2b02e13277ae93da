package org.pgchorus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Goes through the common commands once, without any server, and loads the classes of the program
 * and of the PostgreSQL driver that only a daemon at work needs: the launcher records what is
 * loaded, and later starts find it ready (the JVM's ahead-of-time cache).
 */
final class Rehearsal {
    /** Nobody listens there, and the refusal comes at once. */
    private static final String NOBODY = "postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable";

    /** Those of the program and its driver; not descriptors nor versions for other Javas. */
    private static final Pattern CLASS =
            Pattern.compile("(org/(?:pgchorus|postgresql)/.+)\\.class");

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
        nowhere.println(load("org/pgchorus/cli/Main.class") + load("org/postgresql/Driver.class"));
    }

    /** Loads what lies in the same jar as a class, without running it; returns how many. */
    private static int load(String neighbour) {
        URL url = Rehearsal.class.getClassLoader().getResource(neighbour);
        int loaded = 0;
        try (JarFile jar = ((JarURLConnection) url.openConnection()).getJarFile()) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                Matcher name = CLASS.matcher(entry.getName());
                loaded += name.matches() && isLoaded(name.group(1).replace('/', '.')) ? 1 : 0;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return loaded;
    }

    /** Some classes of the driver need libraries that we do not have, nor use. */
    private static boolean isLoaded(String name) {
        try {
            Class.forName(name, false, Rehearsal.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError notForUs) {
            return false;
        }
    }
}
