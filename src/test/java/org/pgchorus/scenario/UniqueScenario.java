package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.model.Uniqueness;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.KeySql;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.Sql;
import org.pgchorus.sql.UniqueSql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Who clashes with whom: for every pair of rows our statements give the answer that the server
 * gives when it is asked to take both.
 */
@ParameterizedClass
@ValueSource(ints = {14, 15, 18})
class UniqueScenario {
    private static final Set<String> CLASH = Set.of("23505", "23P01");

    private static TestGroup group;

    private final int major;

    UniqueScenario(int major) {
        this.major = major;
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        group = TestGroup.of("SELECT 1", List.of(ServerOptions.of(major)), 1);
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void theStatementsSayWhatTheServerSays(Rule rule) {
        assumeTrue(major >= rule.since, "not in this version");
        try (Session session = Session.open(group.address(0), "unique")) {
            assumeTrue(available(session, rule.extension), rule.extension + " is there");
            session.begin();
            try {
                session.execute(rule.ddl);
                session.execute("SET LOCAL enable_seqscan = off");
                Table table =
                        Catalog.describe(session, new TableName("public", rule.table))
                                .orElseThrow()
                                .table();
                List<Uniqueness> found = Catalog.uniqueness(session, table);
                assertThat(found.stream().map(UniqueScenario::described))
                        .containsExactlyInAnyOrderElementsOf(rule.described);
                UniqueSql unique = new UniqueSql(new RowSql(relation(table), table), found);
                compare(session, rule, table, unique);
                explain(session, rule, unique);
            } finally {
                session.rollback();
            }
        }
    }

    /**
     * Own rows have the stamp given; equal stamps go by key; older than a tombstone is obsolete.
     */
    @Test
    void whatIsFreeGoesByStampsAndWhatIsObsoleteIsSaid() {
        try (Session session = Session.open(group.address(0), "unique")) {
            session.begin();
            try {
                session.execute(Rule.PLAIN.ddl);
                Table table =
                        Catalog.describe(session, new TableName("public", "t"))
                                .orElseThrow()
                                .table();
                RowSql rows = new RowSql(relation(table), table);
                UniqueSql unique = new UniqueSql(rows, Catalog.uniqueness(session, table));
                session.execute("INSERT INTO t VALUES (5, 'x'), (6, 'six')");
                displace(session, unique, "4", "x", 100, 2);
                displace(session, unique, "6", "y", 100, 2);
                displace(session, unique, "7", "x", 100, 2);
                displace(session, unique, "8", "x", 99, 3);
                displace(session, unique, "9", "x", 101, 1);
                displace(session, unique, "3", "z", 100, 2);
                session.update(rows.bury, "3", "3", "3", "f", "100", "3");
                assertThat(
                                session.query(
                                        unique.free,
                                        a -> a.texts(2) + " " + a.truth(7),
                                        100,
                                        2,
                                        10,
                                        0))
                        .containsExactly("[9] false", "[7] false", "[6] true", "[3] true");
                assertThat(session.query(unique.lockDisplaced, a -> a.texts(3), "9", "9"))
                        .containsExactly(List.of("9", "x"));
                assertThat(displace(session, unique, "9", "older", 100, 9)).isZero();
                String seq =
                        session.query(unique.lockDisplaced, a -> a.text(1), "9", "9").getFirst();
                assertThat(session.update(UniqueSql.FORGET, seq)).isOne();
            } finally {
                session.rollback();
            }
        }
    }

    private static int displace(
            Session session, UniqueSql unique, String id, String email, long micros, int node) {
        String[] names = {"id", "email"};
        String[] values = {id, email};
        return session.update(unique.displace, id, id, id, names, values, micros, node);
    }

    private static boolean available(Session session, String extension) {
        String question =
                extension.equals("icu")
                        ? "SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')"
                        : "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = '"
                                + extension
                                + "')";
        return extension.isEmpty()
                || session.first(question, answer -> answer.truth(1)).orElse(false);
    }

    private static String described(Uniqueness u) {
        return "%s %s%s%s %s"
                .formatted(
                        u.name(),
                        u.kind(),
                        u.deferrable() ? " deferrable" : "",
                        u.nullsNotDistinct() ? " nulls" : "",
                        u.columns().stream().map(Uniqueness.Column::name).toList());
    }

    static Relation relation(Table table) {
        return new Relation(
                0,
                table.name(),
                'd',
                table.columns().stream()
                        .filter(c -> !c.generated())
                        .map(c ->
                                new Relation.Column(
                                        c.name(), table.key().contains(c.name()), 0, -1))
                        .toList());
    }

    /** For every two rows: what the statements say, and what the server says. */
    private static void compare(Session session, Rule rule, Table table, UniqueSql unique) {
        int clashes = 0;
        RowSql rows = new RowSql(relation(table), table);
        for (int i = 0; i < rule.values.size(); i++) {
            for (int j = 0; j < rule.values.size(); j++) {
                Row here = rule.row(i, "1");
                Row comes = rule.row(j, "2");
                session.execute("SAVEPOINT pair");
                session.update(rows.insert, rows.all(here));
                boolean said = !clashing(session, unique, comes).isEmpty();
                boolean stays = !isFree(session, rows, unique, comes);
                boolean refused = refused(session, rows, comes);
                session.execute("ROLLBACK TO SAVEPOINT pair");
                String pair = rule.values.get(i) + " and " + rule.values.get(j);
                assertThat(said).as("%s clash", pair).isEqualTo(refused);
                assertThat(stays).as("%s: displaced stays", pair).isEqualTo(refused);
                clashes += refused ? 1 : 0;
            }
        }
        assertThat(clashes).isPositive().isLessThan(rule.values.size() * rule.values.size());
    }

    private static List<String> clashing(Session session, UniqueSql unique, Row row) {
        return session.query(unique.lockClashing, answer -> answer.text(1), unique.values(row));
    }

    /** Displaces a row below all that are in the table, and asks whether it may return. */
    private static boolean isFree(Session session, RowSql rows, UniqueSql unique, Row row) {
        Table table = rows.table();
        session.execute(
                """
                INSERT INTO pgchorus.stamp_entry (relation, hash, hash2, row_xmin, micros, node)
                SELECT %d, %s, %s, t.xmin, 7, 2 FROM ONLY %s t\
                """
                        .formatted(
                                table.oid(),
                                KeySql.hashOfRow(table, "t", 0),
                                KeySql.hashOfRow(table, "t", 1),
                                Sql.name(table.name())));
        List<String> key = rows.key(row);
        String[] names = rows.columnNames().toArray(String[]::new);
        String[] values = rows.all(row).toArray(String[]::new);
        session.update(unique.displace, key, key, key, names, values, 7, 1);
        return !session.query(unique.free, a -> a.text(1), null, null, 10, 0).isEmpty();
    }

    private static boolean refused(Session session, RowSql rows, Row row) {
        try {
            session.update(rows.insert, rows.all(row));
            session.execute("SET CONSTRAINTS ALL IMMEDIATE");
            return false;
        } catch (PgError e) {
            assertThat(CLASH).contains(e.sqlState());
            return true;
        }
    }

    private static void explain(Session session, Rule rule, UniqueSql unique) {
        Row row = rule.row(0, "1");
        List<String> clash =
                session.query("EXPLAIN " + unique.lockClashing, a -> a.text(1), unique.values(row));
        List<String> free =
                session.query("EXPLAIN " + unique.free, a -> a.text(1), null, null, 1, 0);
        for (List<String> plan : List.of(clash, free)) {
            String text = String.join("\n", plan);
            assertThat(text).doesNotContain("Seq Scan on " + Sql.name(rule.table));
            assertThat(text).doesNotContain("Seq Scan on " + rule.table + " ");
            for (Uniqueness uniqueness : unique.uniquenesses()) {
                assertThat(text).contains(uniqueness.name().replace("\"", "\"\""));
            }
        }
    }

    /** Tables with a rule, and rows to try it with. */
    enum Rule {
        PLAIN(
                "CREATE TABLE t (id int PRIMARY KEY, email text, UNIQUE (email))",
                "t_email_key UNIQUE_CONSTRAINT [email]",
                "a",
                "A",
                "null",
                "''"),
        TWO_OF_THEM(
                """
                CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b char(3), c uuid);
                CREATE UNIQUE INDEX one ON t (a) INCLUDE (c); CREATE UNIQUE INDEX two ON t (b)\
                """,
                "one UNIQUE_INDEX [a]; two UNIQUE_INDEX [b]",
                "x|y|null",
                "y|y |null",
                "x |z|null",
                "x|z|null",
                "null|y|null"),
        COMPOSITE(
                "CREATE TABLE t (id int PRIMARY KEY, a int, b text, UNIQUE (b, a))",
                "t_b_a_key UNIQUE_CONSTRAINT [a, b]",
                "1|x",
                "1|y",
                "null|x",
                "1|null",
                "null|null"),
        NULLS_NOT_DISTINCT(
                15,
                "",
                "CREATE TABLE t (id int PRIMARY KEY, a int, b text,"
                        + " UNIQUE NULLS NOT DISTINCT (a, b))",
                "t_a_b_key UNIQUE_CONSTRAINT nulls [a, b]",
                "1|x",
                "1|y",
                "null|x",
                "1|null",
                "null|null"),
        MANY_NULLS_NOT_DISTINCT(
                15,
                "",
                "CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, d int, e int);"
                        + " CREATE UNIQUE INDEX many ON t (a, b, c, d, e)"
                        + " NULLS NOT DISTINCT WHERE a > 0 OR a IS NULL",
                "many UNIQUE_INDEX nulls [a, b, c, d, e]",
                "1|2|3|4|5",
                "1|2|3|4|null",
                "null|2|null|4|null",
                "null|null|null|null|null",
                "-1|2|3|4|5"),
        PARTIAL(
                """
                CREATE TABLE t (id int PRIMARY KEY, name text, state text);
                CREATE UNIQUE INDEX live ON t (name) WHERE state <> 'it''s gone?'\
                """,
                "live UNIQUE_INDEX [name, state]",
                "x|here",
                "x|it's gone?",
                "x|null",
                "y|here",
                "null|here"),
        ONE_ROW_ONLY(
                """
                CREATE TABLE t (id int PRIMARY KEY, chosen boolean);
                CREATE UNIQUE INDEX one ON t ((1)) WHERE chosen\
                """,
                "one UNIQUE_INDEX [chosen]",
                "t",
                "f",
                "null"),
        GUARDED(
                """
                CREATE TABLE t (id int PRIMARY KEY, v int);
                CREATE UNIQUE INDEX inverse ON t ((100 / v)) WHERE v <> 0\
                """,
                "inverse UNIQUE_INDEX [v]",
                "0",
                "60",
                "70",
                "50"),
        EXPRESSION(
                """
                CREATE TABLE t (id int PRIMARY KEY, email text, site text);
                CREATE UNIQUE INDEX folded ON t (lower(email), (site || '!'))\
                """,
                "folded UNIQUE_INDEX [email, site]",
                "a@x|s",
                "A@X|s",
                "a@x|S",
                "null|s"),
        QUESTION_MARKS(
                """
                CREATE TABLE t (id int PRIMARY KEY, "b?" jsonb);
                CREATE UNIQUE INDEX marked ON t (("b?" ->> 'n?')) WHERE "b?" ? 'n?'\
                """,
                "marked UNIQUE_INDEX [b?]",
                "{\"n?\": 1}",
                "{\"n?\": \"1\"}",
                "{\"m\": 1}",
                "null"),
        OTHER_COLLATION(
                14,
                "icu",
                """
                CREATE COLLATION fold (provider = icu, locale = 'und-u-ks-level2',
                                       deterministic = false);
                CREATE TABLE t (id int PRIMARY KEY, a text COLLATE fold, b text, c text);
                CREATE UNIQUE INDEX own ON t (a);
                CREATE UNIQUE INDEX given ON t (b COLLATE fold);
                CREATE UNIQUE INDEX inner_one ON t ((a || c) COLLATE "C")\
                """,
                "own UNIQUE_INDEX [a]; given UNIQUE_INDEX [b];" + " inner_one UNIQUE_INDEX [a, c]",
                "x|y|p",
                "X|q|p",
                "z|Y|r",
                "Z|y|s",
                "v|null|u",
                "null|null|u"),
        DEFERRABLE(
                "CREATE TABLE t (id int PRIMARY KEY, place int,"
                        + " UNIQUE (place) DEFERRABLE INITIALLY DEFERRED)",
                "t_place_key UNIQUE_CONSTRAINT deferrable [place]",
                "1",
                "2",
                "null"),
        RANGES(
                "CREATE TABLE t (id int PRIMARY KEY, span int4range, EXCLUDE USING gist"
                        + " (span WITH &&) WHERE (lower(span) <> 7))",
                "t_span_excl EXCLUSION_CONSTRAINT [span]",
                "[1,5)",
                "[4,6)",
                "[5,9)",
                "[7,8)",
                "empty",
                "null"),
        ROOMS(
                14,
                "btree_gist",
                """
                CREATE EXTENSION btree_gist;
                CREATE TABLE t (id int PRIMARY KEY, room text, span int4range,
                    EXCLUDE USING gist (room WITH =, span WITH &&) DEFERRABLE)\
                """,
                "t_room_span_excl EXCLUSION_CONSTRAINT deferrable [room, span]",
                "a|[1,5)",
                "b|[1,5)",
                "a|[4,9)",
                "null|[1,5)"),
        WITHOUT_OVERLAPS(
                18,
                "btree_gist",
                """
                CREATE EXTENSION btree_gist;
                CREATE TABLE t (id int PRIMARY KEY, room int, span int4range,
                    UNIQUE (room, span WITHOUT OVERLAPS))\
                """,
                "t_room_span_key EXCLUSION_CONSTRAINT [room, span]",
                "1|[1,5)",
                "2|[1,5)",
                "1|[4,9)",
                "null|[1,5)"),
        ODD_NAMES(
                """
                CREATE TABLE "od""d t" ("i d" int PRIMARY KEY, "select" text, "n" text, "e" text,
                    "t" text, "d" text, "own" text, "b" text);
                CREATE UNIQUE INDEX "in""dex" ON "od""d t" ("select", upper("n"), "e", "t");
                CREATE UNIQUE INDEX second ON "od""d t" ("d", "own", "b")\
                """,
                "in\"dex UNIQUE_INDEX [select, n, e, t]; second UNIQUE_INDEX [d, own, b]",
                "a|b|c|d|null|null|null",
                "a|B|c|d|null|null|null",
                "a|b|c|e|1|2|3",
                "b|b|c|e|1|2|3"),
        NUMBERS_AND_ARRAYS(
                """
                CREATE TABLE t (id int PRIMARY KEY, n numeric, a text[], f float8);
                CREATE UNIQUE INDEX number ON t (n); CREATE UNIQUE INDEX arrays ON t (a);
                CREATE UNIQUE INDEX float ON t (f)\
                """,
                "number UNIQUE_INDEX [n]; arrays UNIQUE_INDEX [a]; float UNIQUE_INDEX [f]",
                "1.0|null|null",
                "1.00|null|null",
                "NaN|{a,NULL}|NaN",
                "2|{a,NULL}|0",
                "3|{NULL,a}|-0"),
        GENERATED(
                """
                CREATE TABLE t (id int PRIMARY KEY, first text, last text,
                    whole text GENERATED ALWAYS AS (lower(first || ' ' || last)) STORED UNIQUE)\
                """,
                "t_whole_key UNIQUE_CONSTRAINT [first, last, whole]",
                "a|b",
                "A|B",
                "b|b",
                "null|b"),
        PART_OF_THE_KEY(
                """
                CREATE TABLE t (id int, a int, PRIMARY KEY (id, a));
                CREATE UNIQUE INDEX part ON t (a)\
                """,
                "part UNIQUE_INDEX [a]",
                "1",
                "2");

        final int since;
        final String extension;
        final String table;
        final String ddl;
        final List<String> described;
        final List<String> values;

        Rule(String ddl, String described, String... values) {
            this(14, "", ddl, described, values);
        }

        Rule(int since, String extension, String ddl, String described, String... values) {
            this.since = since;
            this.extension = extension;
            this.table = ddl.contains("CREATE TABLE t ") ? "t" : "od\"d t";
            this.ddl = ddl;
            this.described = Arrays.asList(described.split("; *"));
            this.values = List.of(values);
        }

        /** A row of those values, {@code null} for NULL, under a key. */
        Row row(int index, String key) {
            List<String> texts = new ArrayList<>(List.of(key));
            for (String value : values.get(index).split("\\|")) {
                texts.add(value.equals("null") ? null : value);
            }
            return Row.ofTexts(texts);
        }
    }
}
