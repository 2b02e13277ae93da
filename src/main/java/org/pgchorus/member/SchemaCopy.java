package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.Sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Copies a schema with PostgreSQL's own tools, pg_dump and psql, which must be installed. */
final class SchemaCopy {
    private static final Pattern OUR_TRIGGER =
            Pattern.compile(
                    "^(CREATE|ALTER TABLE [^;]* (ENABLE ALWAYS|DISABLE)) TRIGGER"
                            + " pgchorus_\\w+[^;]*;$",
                    Pattern.MULTILINE);

    private SchemaCopy() {}

    /** Refuses plainly if there is no pg_dump that is new enough for the provider. */
    static void requireTools(Session provider) {
        ClientTools.find(provider.serverVersion());
    }

    /**
     * Creates the tables, and what they need, at the newcomer: all of it or nothing.
     *
     * @return statements that take back what was created, and only that, for {@link #takeBack}
     */
    static List<String> copy(Session provider, Address from, Address to) {
        ClientTools tools = ClientTools.find(provider.serverVersion());
        String dump = tools.dump(from);
        try {
            Path script = Files.createTempFile("pgchorus-schema", ".sql");
            try {
                Files.writeString(
                        script,
                        Sql.script("before_schema.sql")
                                + withoutOurTriggers(dump)
                                + Sql.script("after_schema.sql"));
                return tools.restore(to, script).lines().filter(l -> !l.isBlank()).toList();
            } finally {
                Files.deleteIfExists(script);
            }
        } catch (IOException e) {
            throw PgError.refused("cannot write a temporary file: " + e.getMessage(), e);
        }
    }

    /** Our triggers name functions that the newcomer makes for itself. */
    private static String withoutOurTriggers(String script) {
        return OUR_TRIGGER
                .matcher(script)
                .replaceAll("")
                .replace("\nCREATE SCHEMA public;\n", "\n");
    }

    /** Takes back what {@link #copy} made. */
    static void takeBack(Session newcomer, List<String> statements) {
        newcomer.inTransaction(() -> {
            statements.forEach(newcomer::execute);
            return 0;
        });
    }
}
