package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.Sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Copies a schema with PostgreSQL's own tools, pg_dump and psql, which must be installed. */
final class SchemaCopy {
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)");
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");
    private static final long LIMIT_MINUTES = 30;

    private SchemaCopy() {}

    /** Refuses plainly if there is no pg_dump that is new enough for the provider. */
    static void requireTools(Session provider) {
        tool("pg_dump", provider.serverVersion());
        tool("psql", 9);
    }

    private static Path tool(String name, int atLeast) {
        List<String> seen = new ArrayList<>();
        for (Path directory : directories()) {
            Path tool = directory.resolve(name);
            if (Files.isExecutable(tool)) {
                int version = version(tool);
                if (version >= atLeast) {
                    return tool;
                }
                seen.add(tool + " is version " + version);
            }
        }
        throw PgError.refused(
                ("--schema copy needs %s of version %d or later; %s; install"
                                + " postgresql-client-%d, or create the tables yourself and use"
                                + " --schema existing")
                        .formatted(
                                name,
                                atLeast,
                                seen.isEmpty() ? "none was found" : String.join(", ", seen),
                                atLeast));
    }

    private static List<Path> directories() {
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
        return directories;
    }

    private static int version(Path tool) {
        Matcher matcher =
                VERSION.matcher(run(List.of(tool.toString(), "--version"), Map.of(), null));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    /** Creates the tables, and what they need, at the newcomer. */
    static void copy(Session provider, Address from, Address to, List<TableName> tables) {
        List<String> dump = new ArrayList<>();
        dump.add(tool("pg_dump", provider.serverVersion()).toString());
        dump.addAll(
                List.of(
                        "--schema-only",
                        "--no-publications",
                        "--no-subscriptions",
                        "--exclude-schema=pgchorus",
                        "--no-password"));
        Path script;
        try {
            script = Files.createTempFile("pgchorus-schema", ".sql");
        } catch (IOException e) {
            throw PgError.refused("cannot write a temporary file: " + e.getMessage(), e);
        }
        try {
            String text = run(dump, environment(from), null);
            Files.writeString(script, withoutOurTriggers(text));
            run(
                    List.of(
                            tool("psql", 9).toString(),
                            "--no-psqlrc",
                            "--quiet",
                            "--set=ON_ERROR_STOP=1",
                            "--single-transaction",
                            "--no-password",
                            "--output=/dev/null",
                            "--file=" + script),
                    environment(to),
                    null);
        } catch (IOException e) {
            throw PgError.refused("cannot write " + script + ": " + e.getMessage(), e);
        } finally {
            deleteQuietly(script);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw PgError.refused("cannot delete " + file + ": " + e.getMessage(), e);
        }
    }

    /** Our triggers name functions that the newcomer makes for itself. */
    private static String withoutOurTriggers(String script) {
        return Pattern.compile("^CREATE TRIGGER pgchorus_\\w+ [^;]*;$", Pattern.MULTILINE)
                .matcher(script)
                .replaceAll("")
                .replace("\nCREATE SCHEMA public;\n", "\n");
    }

    private static Map<String, String> environment(Address address) {
        Properties properties = address.jdbcProperties();
        java.util.HashMap<String, String> environment = new java.util.HashMap<>();
        environment.put("PGHOST", address.host());
        environment.put("PGPORT", Integer.toString(address.port()));
        environment.put("PGUSER", address.user());
        environment.put("PGDATABASE", address.database());
        put(environment, "PGPASSWORD", properties.getProperty("password"));
        put(environment, "PGSSLMODE", properties.getProperty("sslmode"));
        put(environment, "PGSSLROOTCERT", properties.getProperty("sslrootcert"));
        return environment;
    }

    private static void put(Map<String, String> environment, String name, String value) {
        if (value != null) {
            environment.put(name, value);
        }
    }

    private static String run(List<String> command, Map<String, String> environment, Path in) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().putAll(environment);
            Path errors = Files.createTempFile("pgchorus", ".err");
            try {
                builder.redirectError(errors.toFile());
                Process process = builder.start();
                process.getOutputStream().close();
                String out =
                        new String(
                                process.getInputStream().readAllBytes(),
                                java.nio.charset.StandardCharsets.UTF_8);
                if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
                    process.destroyForcibly();
                    throw PgError.refused(command.getFirst() + " did not end in time");
                }
                if (process.exitValue() != 0) {
                    throw PgError.refused(
                            "%s failed: %s"
                                    .formatted(
                                            command.getFirst(), Files.readString(errors).strip()));
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

    /** Drops the tables again. */
    static void drop(Session newcomer, List<TableName> tables) {
        for (TableName table : tables) {
            newcomer.execute("DROP TABLE IF EXISTS " + Sql.name(table) + " CASCADE");
        }
    }
}
