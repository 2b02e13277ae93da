package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Verification;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Difference;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Three nodes of three versions are compared: equal rows of all types are equal, whatever was
 * planted on one node by hand is found, and nothing is called equal of which not all is known.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class VerifyScenario {
    private static final String SCHEMA =
            """
            CREATE TYPE mood AS ENUM ('b', 'a');
            CREATE DOMAIN positive AS int CHECK (VALUE > 0);
            CREATE TYPE point2 AS (x int, y text);
            CREATE TABLE number (id int PRIMARY KEY, a text, b text);
            CREATE TABLE nil (id bigint PRIMARY KEY, v text);
            CREATE TABLE missing (a int, b numeric, v text, PRIMARY KEY (b, a));
            CREATE TABLE extra (id uuid PRIMARY KEY, v text);
            CREATE TABLE swapped (id int PRIMARY KEY, v text);
            CREATE TABLE twice (line text, n int);
            CREATE TABLE named (name text PRIMARY KEY, v int);
            CREATE TABLE ordered (name text COLLATE "C" PRIMARY KEY, v int);
            CREATE TABLE feeling (m mood, id positive, v text, PRIMARY KEY (m, id));
            CREATE TABLE hollow (id int PRIMARY KEY, v text);
            CREATE TABLE held (id int PRIMARY KEY, v int);
            CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE part_a PARTITION OF part FOR VALUES FROM (0) TO (100);
            CREATE TABLE part_b PARTITION OF part FOR VALUES FROM (100) TO (1000);
            CREATE TABLE kinds (id "char" PRIMARY KEY, c "char", f float8, f4 float4, n numeric,
                i interval, t timestamptz, d date, tz timetz, b bytea, j json, jb jsonb, m mood,
                p positive, pt point2, arr text[], r int4range, mr nummultirange, ip inet,
                bi bit(3), vb varbit, x xml, o regclass, ts tsvector, mo money, l pg_lsn,
                nm name, bp char(5), pts point2[], big text, "Odd ""name" text, geo point,
                g int GENERATED ALWAYS AS (p * 2) STORED);
            CREATE TABLE letter (c "char" PRIMARY KEY, d "char");
            """;

    private static final List<String> ROWS =
            List.of(
                    """
                    INSERT INTO number
                    SELECT i, 'text ' || i, 'b' FROM generate_series(1, 25000) i\
                    """,
                    "INSERT INTO nil SELECT i, 'v' FROM generate_series(1, 100) i",
                    """
                    INSERT INTO missing
                    SELECT i, i / 10.0, 'v' FROM generate_series(1, 5000) i\
                    """,
                    "INSERT INTO extra SELECT md5(i::text)::uuid, 'v' FROM generate_series(1, 3000)"
                            + " i",
                    "INSERT INTO swapped SELECT i, 'v' || i FROM generate_series(1, 10) i",
                    "INSERT INTO twice SELECT 'line ' || i % 50, 1 FROM generate_series(1, 200) i",
                    "INSERT INTO twice VALUES (NULL, NULL), ('', NULL)",
                    """
                    INSERT INTO named
                    SELECT chr(65 + i % 57) || i, i FROM generate_series(1, 3000) i\
                    """,
                    """
                    INSERT INTO ordered
                    SELECT chr(65 + i % 57) || i, i FROM generate_series(1, 3000) i\
                    """,
                    "INSERT INTO feeling SELECT 'a', i, 'v' FROM generate_series(1, 100) i",
                    "INSERT INTO held VALUES (1, 1), (2, 2)",
                    "INSERT INTO part SELECT i, 'v' FROM generate_series(1, 500) i",
                    """
                    INSERT INTO kinds
                    SELECT i::"char", i::"char", sqrt(i), 1 / i::float4, i / 7.0,
                        i * interval '1 day 1:02:03.4', '2024-03-31 00:59:59.5+00'::timestamptz
                        + i * interval '1 hour', date '0044-03-15 BC' + i, '12:00:00.25+05:30',
                        decode(to_hex(i + 4096), 'hex'), '{"a": 1, "a" :2}',
                        '{"b": 1.0, "a": null}',
                        'a', i, ROW(i, 'a"b,c')::point2, ARRAY['x', NULL, '', 'NULL', 'a,b'],
                        int4range(1, i), '{[1,2),[3,4]}', '10.0.0.1/8', B'101', B'0', '<a>b</a>',
                        'number', 'a fat cat', i + 0.5, '16/B374D848', 'name', 'bp',
                        ARRAY[ROW(1, 'x')::point2, NULL], repeat(md5(i::text), 300), 'odd',
                        point(i, 0.1)
                    FROM generate_series(1, 100) i\
                    """);

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, Stream.of(14, 16, 18).map(ServerOptions::of).toList(), 0);
        // The names of one table are in another order there; those of the other are not.
        group.run(2, "ALTER TABLE named ALTER name TYPE text COLLATE \"C\"");
        group.run(2, "ALTER TABLE ordered ALTER name TYPE text COLLATE \"POSIX\"");
        group.form(3);
        ROWS.forEach(rows -> group.run(0, rows));
        group.settle();
        for (int node = 0; node < 3; node++) {
            // Beyond ASCII 14 and 16 write them in different ways, so they would not arrive.
            plant(
                    node,
                    """
                    INSERT INTO letter
                    SELECT i::"char", (-i)::"char" FROM generate_series(-127, -1) i\
                    """);
        }
    }

    @AfterAll
    static void stop() {
        group.close();
    }

    private static void plant(int node, String... statements) {
        Planted.on(group, node, statements);
    }

    private static Verification.Found verify(Duration patience, String... tables) {
        return verify(List.of(), patience, tables);
    }

    private static Verification.Found verify(
            List<NodeName> between, Duration patience, String... tables) {
        try {
            return Verification.of(
                    group.address(0),
                    new Verification.Request(
                            Stream.of(tables).map(TablePattern::parse).toList(),
                            between,
                            patience,
                            20),
                    VerifyProgress.SILENT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static TableReport one(Duration patience, String table) {
        return verify(patience, table).tables().getFirst();
    }

    private static String text(Difference difference) {
        List<String> versions = new ArrayList<>();
        difference
                .versions()
                .forEach((node, version) -> {
                    List<String> values = new ArrayList<>();
                    difference
                            .differing()
                            .forEach(i ->
                                    values.add(
                                            difference.columns().get(i)
                                                    + "="
                                                    + version.values().get(i)));
                    versions.add(
                            node
                                    + (version.times() == 1 ? "" : " " + version.times() + " times")
                                    + values);
                });
        return difference.key().values() + " " + String.join(" ", versions);
    }

    @Test
    @Order(1)
    void equalRowsOfAllTypesAreEqual() {
        List<TableReport> reports = verify(TestGroup.LIMIT).tables();
        assertThat(reports)
                .hasSize(15)
                .allSatisfy(report ->
                        assertThat(report.outcome())
                                .as(report.toString())
                                .isEqualTo(new Outcome.Equal()));
        assertThat(reports)
                .filteredOn(report -> report.table().name().equals("number"))
                .singleElement()
                .satisfies(report ->
                        assertThat(report.rows())
                                .containsOnlyKeys(
                                        TestGroup.name(0), TestGroup.name(1), TestGroup.name(2))
                                .containsValue(25_000L));
    }

    @Test
    @Order(2)
    void whatWasPlantedOnOneNodeIsFound() {
        plant(1, "UPDATE number SET b = 'c' WHERE id = 22345");
        plant(2, "UPDATE nil SET v = NULL WHERE id = 50", "UPDATE nil SET v = '' WHERE id = 51");
        plant(0, "UPDATE nil SET v = '' WHERE id = 50");
        plant(1, "DELETE FROM missing WHERE a = 4321");
        plant(2, "INSERT INTO extra VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'more')");
        plant(
                0,
                "UPDATE swapped SET v = CASE id WHEN 3 THEN 'v7' ELSE 'v3' END WHERE id IN (3, 7)");
        plant(
                1,
                "ALTER TABLE twice REPLICA IDENTITY FULL",
                """
                DELETE FROM twice
                WHERE ctid = (SELECT min(ctid) FROM twice WHERE line = 'line 7')\
                """,
                "DELETE FROM twice WHERE line IS NULL",
                "ALTER TABLE twice REPLICA IDENTITY DEFAULT");
        plant(2, "UPDATE named SET v = 0 WHERE name LIKE 'a%' AND v % 5 = 0");
        plant(0, "DELETE FROM ordered WHERE v = 1700");
        plant(1, "UPDATE feeling SET v = 'w' WHERE id = 9");
        plant(2, "INSERT INTO hollow SELECT i, 'x' FROM generate_series(1, 12000) i");
        plant(0, "UPDATE part SET v = 'w' WHERE id IN (5, 105)");
        plant(0, "UPDATE letter SET d = 'x' WHERE c = (-100)::\"char\"");
        plant(1, "UPDATE kinds SET c = (c::int4 - 1)::\"char\" WHERE p = 77");

        Map<String, TableReport> found =
                verify(TestGroup.LIMIT).tables().stream()
                        .collect(java.util.stream.Collectors.toMap(r -> r.table().name(), r -> r));
        differs(found.get("number"), 1, "[22345] a[b=b] b[b=c] c[b=b]");
        differs(found.get("nil"), 2, "[50] a[v=] b[v=v] c[v=null]", "[51] a[v=v] b[v=v] c[v=]");
        differs(found.get("missing"), 1, "[432.1000000000000000, 4321] a[] c[]");
        differs(found.get("extra"), 1, "[ffffffff-ffff-ffff-ffff-ffffffffffff] c[]");
        differs(
                found.get("swapped"),
                2,
                "[3] a[v=v7] b[v=v3] c[v=v3]",
                "[7] a[v=v3] b[v=v7] c[v=v7]");
        differs(found.get("twice"), 2, "[] a 4 times[] b 3 times[] c 4 times[]", "[] a[] c[]");
        assertThat(found.get("named").outcome())
                .isEqualTo(
                        new Outcome.Differs(
                                Long.parseLong(
                                        group.rows(2, "SELECT count(*) FROM named WHERE v = 0")
                                                .getFirst()),
                                false));
        differs(found.get("ordered"), 1, "[%s] b[] c[]".formatted(name(1700)));
        differs(found.get("feeling"), 1, "[a, 9] a[v=v] b[v=w] c[v=v]");
        assertThat(found.get("hollow").outcome()).isInstanceOf(Outcome.Differs.class);
        assertThat(((Outcome.Differs) found.get("hollow").outcome()).more()).isTrue();
        differs(found.get("part_a"), 1, "[5] a[v=w] b[v=v] c[v=v]");
        differs(found.get("part_b"), 1, "[105] a[v=w] b[v=v] c[v=v]");
        assertThat(found.get("kinds").outcome()).isEqualTo(new Outcome.Differs(1, false));
        differs(found.get("letter"), 1, "[-100] a[d=120] b[d=100] c[d=100]");
        assertThat(found.get("held").outcome()).isEqualTo(new Outcome.Equal());
        assertThat(verify(List.of(TestGroup.name(0), TestGroup.name(2)), TestGroup.LIMIT, "number"))
                .satisfies(it ->
                        assertThat(it.tables().getFirst().outcome())
                                .isEqualTo(new Outcome.Equal()));
    }

    private static String name(int i) {
        return (char) (65 + i % 57) + "" + i;
    }

    private static void differs(TableReport report, long rows, String... texts) {
        assertThat(report).isNotNull();
        assertThat(report.outcome())
                .as(report.toString())
                .isEqualTo(new Outcome.Differs(rows, false));
        assertThat(report.differences().stream().map(VerifyScenario::text))
                .containsExactlyInAnyOrder(texts);
    }

    @Test
    @Order(3)
    void aTableThatIsHeldIsNeverEqual() {
        group.run(2, "ALTER TABLE held ADD CHECK (v < 100)");
        group.run(0, "UPDATE held SET v = 100 WHERE id = 1");
        HeldScenario.awaitHeld(group, 0, 2, "public.held");
        TableReport report = one(TestGroup.LIMIT, "held");
        differs(report, 1, "[1] a[v=100] b[v=100] c[v=1]");
        assertThat(report.differences().getFirst().causes())
                .singleElement()
                .asString()
                .contains("c holds back changes of it from a");
        plant(2, "ALTER TABLE held DROP CONSTRAINT held_v_check");
        HeldScenario.awaitNothingHeld(group);
        group.settle();
        assertThat(one(TestGroup.LIMIT, "held").outcome()).isEqualTo(new Outcome.Equal());
    }

    @Test
    @Order(4)
    void whatIsOnItsWayIsNotCalledADifference() {
        group.hold(0, 1);
        group.run(0, "UPDATE held SET v = 7 WHERE id = 2");
        group.settle(0, 2);
        TableReport report = one(Duration.ofSeconds(1), "held");
        assertThat(report.outcome()).isInstanceOf(Outcome.Unsettled.class);
        assertThat(((Outcome.Unsettled) report.outcome()).reason()).contains("a->b");
        group.release(0, 1);
        assertThat(one(TestGroup.LIMIT, "held").outcome()).isEqualTo(new Outcome.Equal());
    }

    @Test
    @Order(5)
    void tablesThatAreNotMadeAlikeDiffer() {
        group.run(1, "ALTER TABLE held ADD COLUMN w int");
        TableReport report = one(TestGroup.LIMIT, "held");
        assertThat(report.outcome()).isInstanceOf(Outcome.Differs.class);
        assertThat(report.notes()).contains("a lacks column w of b");
        group.run(1, "ALTER TABLE held DROP COLUMN w");
        assertThat(one(TestGroup.LIMIT, "held").outcome()).isEqualTo(new Outcome.Equal());
    }

    @Test
    @Order(6)
    void withoutANodeNothingIsEqual() {
        group.server(1).stopImmediate();
        Verification.Found found = verify(Duration.ofSeconds(1), "held", "nil");
        assertThat(found.skipped()).singleElement().asString().contains("node b");
        assertThat(found.tables())
                .hasSize(2)
                .allSatisfy(it -> assertThat(it.outcome()).isNotInstanceOf(Outcome.Equal.class));
        group.server(1).restart();
    }
}
