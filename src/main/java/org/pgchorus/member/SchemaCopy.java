package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.Sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Copies a schema with PostgreSQL's own tools, pg_dump and psql, which must be installed. */
final class SchemaCopy {
    private static final Pattern OUR_TRIGGER =
            Pattern.compile(
                    "^((CREATE|ALTER TABLE [^;]* (ENABLE ALWAYS|DISABLE)) TRIGGER"
                            + "|(CREATE|ALTER) EVENT TRIGGER) pgchorus_\\w+[^;]*;$",
                    Pattern.MULTILINE);

    /** Such as {@code -- Name: t t_pkey; Type: CONSTRAINT; Schema: public; Owner: app}. */
    private static final Pattern HEADING =
            Pattern.compile(
                    "^--\\n-- Name: .*; Type: ([A-Z ]+); Schema: .*\\n--\\n", Pattern.MULTILINE);

    private static final String TABLESPACE = "SET default_tablespace =";

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
        return restore(tools, to, tools.dump(from, ClientTools.Section.ALL), JoinSql.PRINT_UNDO);
    }

    /** What a schema has besides the tables themselves: pg_dump's word for it, and statements. */
    record Later(String kind, String statement) {}

    /** What is made when the rows are there, in pg_dump's order. */
    static List<Later> later(Session provider, Address from) {
        ClientTools tools = ClientTools.find(provider.serverVersion());
        return split(withoutOurTriggers(tools.dump(from, ClientTools.Section.POST_DATA)));
    }

    /**
     * Creates the tables without what {@link #later} tells: all of them or nothing. How to take
     * them back is in the newcomer's journal, written in the same transaction.
     */
    static void tables(Session provider, Address from, Address to) {
        ClientTools tools = ClientTools.find(provider.serverVersion());
        restore(tools, to, tools.dump(from, ClientTools.Section.PRE_DATA), JoinSql.KEEP_UNDO);
    }

    private static List<String> restore(ClientTools tools, Address to, String dump, String ending) {
        try {
            Path script = Files.createTempFile("pgchorus-schema", ".sql");
            try {
                Files.writeString(
                        script,
                        Sql.script("before_schema.sql")
                                + withoutOurTriggers(dump)
                                + Sql.script("after_schema.sql")
                                + "\\o\n"
                                + ending);
                return tools.restore(to, script).lines().filter(l -> !l.isBlank()).toList();
            } finally {
                Files.deleteIfExists(script);
            }
        } catch (IOException e) {
            throw PgError.refused("cannot write a temporary file: " + e.getMessage(), e);
        }
    }

    /** One entry for each of pg_dump's headings; what stands before the first one only sets. */
    static List<Later> split(String script) {
        List<Later> entries = new ArrayList<>();
        Matcher heading = HEADING.matcher(script);
        int begin = 0;
        String kind = "";
        String setting = "";
        while (heading.find()) {
            String text = script.substring(begin, heading.start());
            add(entries, kind, setting, text);
            setting = tablespace(text).orElse(setting);
            kind = heading.group(1);
            begin = heading.end();
        }
        add(entries, kind, setting, script.substring(begin));
        return entries;
    }

    /** pg_dump sets the tablespace, if it is another one now, before the heading it is for. */
    private static Optional<String> tablespace(String text) {
        return text.lines()
                .filter(line -> line.startsWith(TABLESPACE))
                .reduce((_, last) -> last)
                .map(line -> "SET LOCAL" + line.substring("SET".length()) + "\n");
    }

    private static void add(List<Later> entries, String kind, String setting, String text) {
        String statement =
                text.lines()
                        .filter(line -> !line.startsWith("--") && !line.startsWith("\\"))
                        .filter(line -> !line.startsWith(TABLESPACE))
                        .collect(Collectors.joining("\n"))
                        .strip();
        if (!kind.isEmpty() && !statement.isEmpty()) {
            entries.add(new Later(kind, setting + statement));
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
