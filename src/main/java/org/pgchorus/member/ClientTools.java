package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.pg.PgError;
import org.pgchorus.sql.JoinSql;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * PostgreSQL's own pg_dump and psql, as found on the PATH or where Debian keeps them.
 *
 * <p>They get addresses in their environment, where no other user of the machine reads them.
 */
record ClientTools(Path pgDump, Path psql) {
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)");
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    /** A schema has no rows; one that takes longer waits for a lock that nobody gives. */
    private static final long LIMIT_MINUTES = 30;

    /**
     * Finds a pg_dump that can read a server of a major version, and a psql, rather the one that
     * came with it: what a pg_dump writes only a psql of about its age can read.
     *
     * @throws PgError.Refused naming what to install
     */
    static ClientTools find(int serverMajor) {
        Path pgDump =
                find("pg_dump", serverMajor)
                        .orElseThrow(() -> missing("pg_dump", serverMajor, serverMajor));
        Path beside = pgDump.resolveSibling("psql");
        Path psql =
                Files.isExecutable(beside)
                        ? beside
                        : find("psql", 0).orElseThrow(() -> missing("psql", 0, serverMajor));
        return new ClientTools(pgDump, psql);
    }

    private static Optional<Path> find(String name, int atLeast) {
        return all(name).stream().filter(tool -> version(tool) >= atLeast).findFirst();
    }

    private static PgError missing(String name, int atLeast, int install) {
        List<String> seen =
                all(name).stream().map(t -> "%s is version %d".formatted(t, version(t))).toList();
        return PgError.refused(
                ("--schema copy needs %s%s, but %s; install the package postgresql-client-%d, or"
                                + " create the tables yourself and use --schema existing")
                        .formatted(
                                name,
                                atLeast == 0 ? "" : " of version %d or later".formatted(atLeast),
                                seen.isEmpty() ? "none was found" : String.join(", ", seen),
                                install));
    }

    private static List<Path> all(String name) {
        List<Path> directories = new ArrayList<>();
        for (String part : Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")) {
            if (!part.isEmpty()) {
                directories.add(Path.of(part));
            }
        }
        if (Files.isDirectory(DEBIAN)) {
            try (Stream<Path> versions = Files.list(DEBIAN)) {
                versions.map(v -> v.resolve("bin")).sorted().forEach(directories::add);
            } catch (IOException e) {
                throw PgError.refused("cannot look into " + DEBIAN + ": " + e.getMessage(), e);
            }
        }
        return directories.stream()
                .map(directory -> directory.resolve(name))
                .filter(Files::isExecutable)
                .toList();
    }

    private static int version(Path tool) {
        Matcher matcher = VERSION.matcher(run(List.of(tool.toString(), "--version"), Map.of(), ""));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    /** Parts of a schema, as pg_dump has them. */
    enum Section {
        ALL("--schema-only"),
        /** Tables and what they are made of. */
        PRE_DATA("--section=pre-data"),
        /** Indexes, constraints, triggers. */
        POST_DATA("--section=post-data");

        private final String option;

        Section(String option) {
            this.option = option;
        }
    }

    /** The script that makes the schema of a database again, without anything of ours. */
    String dump(Address from, Section section) {
        return run(
                List.of(
                        pgDump.toString(),
                        section.option,
                        "--no-publications",
                        "--no-subscriptions",
                        "--exclude-schema=pgchorus",
                        "--encoding=UTF8",
                        "--no-password"),
                environment(from),
                "; the role needs the rights to read all tables there");
    }

    /** Runs a script in one transaction; returns what it prints. */
    String restore(Address to, Path script) {
        return run(
                List.of(
                        psql.toString(),
                        "--no-psqlrc",
                        "--quiet",
                        "--tuples-only",
                        "--no-align",
                        "--set=ON_ERROR_STOP=1",
                        "--single-transaction",
                        "--no-password",
                        "--file=" + script),
                environment(to),
                "; nothing was created; mend that, or create the tables yourself and use"
                        + " --schema existing");
    }

    /** What libpq reads; empty values are taken away. */
    private static Map<String, String> environment(Address address) {
        Map<String, String> environment = new java.util.HashMap<>();
        for (AddressParameter parameter : AddressParameter.values()) {
            parameter
                    .variable()
                    .ifPresent(v -> address.value(parameter).ifPresent(x -> environment.put(v, x)));
        }
        if (environment.containsKey("PGHOST")) {
            environment.putIfAbsent("PGHOSTADDR", "");
        } else if (environment.containsKey("PGHOSTADDR")) {
            environment.put("PGHOST", "");
        } else if (!environment.containsKey("PGSERVICE") && System.getenv("PGHOST") == null) {
            environment.put("PGHOST", "localhost");
        }
        environment.put("PGCLIENTENCODING", "UTF8");
        environment.put("PGAPPNAME", JoinSql.WORKER);
        return environment;
    }

    private static String run(List<String> command, Map<String, String> environment, String cure) {
        try {
            Path errors = Files.createTempFile("pgchorus", ".err");
            try {
                ProcessBuilder builder = new ProcessBuilder(command);
                builder.environment().putAll(environment);
                builder.environment().values().removeIf(String::isEmpty);
                builder.redirectError(errors.toFile());
                Process process = builder.start();
                process.getOutputStream().close();
                String out =
                        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
                    process.destroyForcibly();
                    throw PgError.refused(command.getFirst() + " did not end in time");
                }
                if (process.exitValue() != 0) {
                    String said = Files.readString(errors).strip();
                    throw PgError.refused(
                            "%s failed: %s%s".formatted(command.getFirst(), said, cure));
                }
                return out;
            } finally {
                Files.deleteIfExists(errors);
            }
        } catch (IOException e) {
            throw PgError.refused(command.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }
}
