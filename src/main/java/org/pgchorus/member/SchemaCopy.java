package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.member.DumpText.Line;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.Sql;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Copies a schema with PostgreSQL's own tools, pg_dump and psql, which must be installed. */
final class SchemaCopy {
    private static final String NAME = "(?:[\\w$]+|\"(?:[^\"]|\"\")+\")";

    private static final Pattern OUR_TRIGGER =
            Pattern.compile(
                    "(CREATE|ALTER TABLE (ONLY )?%1$s(\\.%1$s)? (ENABLE ALWAYS|DISABLE)) TRIGGER "
                                    .formatted(NAME)
                            + "pgchorus_.*|(CREATE|ALTER) EVENT TRIGGER pgchorus_.*",
                    Pattern.DOTALL);

    /** Such as {@code -- Name: t t_pkey; Type: CONSTRAINT; Schema: public; Owner: app}. */
    private static final Pattern HEADING =
            Pattern.compile("-- Name: .*; Type: ([A-Z ]+); Schema: .*\n");

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
        return split(withoutOurs(tools.dump(from, ClientTools.Section.POST_DATA)));
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
                                + withoutOurs(dump)
                                + Sql.script("after_schema.sql")
                                + "\\o\n"
                                + ending);
                return tools.restore(to, script)
                        .lines()
                        .filter(line -> !line.isBlank())
                        .map(SchemaCopy::unhexed)
                        .toList();
            } finally {
                Files.deleteIfExists(script);
            }
        } catch (IOException e) {
            throw PgError.refused("cannot write a temporary file: " + e.getMessage(), e);
        }
    }

    private static String unhexed(String line) {
        return new String(HexFormat.of().parseHex(line.strip()), StandardCharsets.UTF_8);
    }

    /** One entry for each of pg_dump's headings; what stands before the first one only sets. */
    static List<Later> split(String script) {
        List<Later> entries = new ArrayList<>();
        List<Line> entry = new ArrayList<>();
        String kind = "";
        String setting = "";
        for (Line line : DumpText.lines(script)) {
            Matcher heading = HEADING.matcher(line.text());
            if (line.outside() && heading.matches()) {
                add(entries, kind, setting, entry);
                setting = tablespace(entry).orElse(setting);
                kind = heading.group(1);
                entry.clear();
            } else {
                entry.add(line);
            }
        }
        add(entries, kind, setting, entry);
        return entries;
    }

    /** pg_dump sets the tablespace, if it is another one now, before the heading it is for. */
    private static Optional<String> tablespace(List<Line> entry) {
        return entry.stream()
                .filter(line -> line.begins(TABLESPACE))
                .map(line -> "SET LOCAL" + line.text().substring("SET".length()))
                .reduce((_, last) -> last);
    }

    private static void add(List<Later> entries, String kind, String setting, List<Line> entry) {
        String statement =
                entry.stream()
                        .filter(line -> !line.begins("--") && !line.begins("\\"))
                        .filter(line -> !line.begins(TABLESPACE))
                        .map(Line::text)
                        .collect(Collectors.joining())
                        .strip();
        if (!kind.isEmpty() && !statement.isEmpty()) {
            entries.add(new Later(kind, setting + statement));
        }
    }

    /**
     * Our triggers name functions that the newcomer makes for itself; the schema public is there.
     */
    static String withoutOurs(String script) {
        return DumpText.statements(DumpText.lines(script)).stream()
                .map(SchemaCopy::withoutOurs)
                .collect(Collectors.joining());
    }

    private static String withoutOurs(List<Line> statement) {
        int begin = 0;
        while (begin < statement.size() && isBefore(statement.get(begin))) {
            begin++;
        }
        String text = text(statement.subList(begin, statement.size()));
        boolean ours =
                OUR_TRIGGER.matcher(text).matches() || text.equals("CREATE SCHEMA public;\n");
        return ours ? text(statement.subList(0, begin)) : text(statement);
    }

    private static boolean isBefore(Line line) {
        return line.begins("--") || line.begins("\\") || line.text().isBlank();
    }

    private static String text(List<Line> lines) {
        return lines.stream().map(Line::text).collect(Collectors.joining());
    }

    /** Takes back what {@link #copy} made. */
    static void takeBack(Session newcomer, List<String> statements) {
        newcomer.inTransaction(() -> {
            statements.forEach(newcomer::execute);
            return 0;
        });
    }
}
