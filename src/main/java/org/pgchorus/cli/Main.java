package org.pgchorus.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Properties;

/** Where the program starts. For now it answers {@code --version} alone. */
public final class Main {
    private Main() {}

    /** Runs one command line; the exit status is 0 when all is well and 2 when used wrongly. */
    public static void main(String[] args) throws IOException {
        if (!List.of(args).equals(List.of("--version"))) {
            System.err.println("usage: pgchorus --version");
            System.exit(2);
        }
        System.out.println("pgchorus " + version());
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        }
        return properties.getProperty("version");
    }
}
