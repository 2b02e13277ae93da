package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Forty kinds of schema changes, under load, with a node that is down for a part of it. */
class FortyStatementsScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id bigint PRIMARY KEY, v varchar(200), n int);
            CREATE ROLE reader;
            """;

    private static final List<String> FIRST =
            List.of(
                    "CREATE SCHEMA s",
                    "CREATE TABLE s.a (id int PRIMARY KEY, v text)",
                    "INSERT INTO s.a SELECT g, 'row ' || g FROM generate_series(1, 20) g",
                    "ALTER TABLE s.a ADD COLUMN made timestamptz DEFAULT now()",
                    "ALTER TABLE s.a ADD COLUMN mark uuid DEFAULT gen_random_uuid()",
                    "ALTER TABLE s.a ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED",
                    "CREATE TABLE s.numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                            + " v text)",
                    "CREATE TYPE s.mood AS ENUM ('sad', 'happy')",
                    "ALTER TYPE s.mood ADD VALUE 'so-so' BEFORE 'happy'",
                    "ALTER TABLE s.a ADD COLUMN m s.mood DEFAULT 'so-so'",
                    "CREATE DOMAIN s.positive AS int CHECK (VALUE > 0)",
                    "ALTER DOMAIN s.positive ADD CONSTRAINT small CHECK (VALUE < 100000)",
                    "CREATE TYPE s.pair AS (a int, b text)",
                    "ALTER TYPE s.pair ADD ATTRIBUTE c text",
                    "CREATE TABLE s.typed (id int PRIMARY KEY, p s.pair, q s.positive)",
                    "INSERT INTO s.typed VALUES (1, ROW(1, 'b', 'c'), 7)",
                    "CREATE VIEW s.seen AS SELECT id, v FROM s.a",
                    "CREATE FUNCTION s.f(x int) RETURNS int LANGUAGE sql AS $$ SELECT x; $$");

    private static final List<String> WHILE_DOWN =
            List.of(
                    "ALTER TABLE t ALTER v TYPE text",
                    "ALTER TABLE t ADD COLUMN extra text DEFAULT 'none'",
                    "CREATE INDEX CONCURRENTLY t_extra ON t (extra)",
                    "ALTER TABLE t ADD CONSTRAINT t_check CHECK (id > 0) NOT VALID",
                    "ALTER TABLE t VALIDATE CONSTRAINT t_check",
                    "CREATE UNIQUE INDEX a_v ON s.a (v)",
                    "ALTER TABLE s.a RENAME COLUMN v TO word",
                    "ALTER TABLE s.a RENAME TO renamed",
                    "ALTER TABLE s.renamed ALTER word SET NOT NULL",
                    "ALTER TABLE s.typed ALTER id TYPE bigint",
                    "UPDATE s.renamed SET word = word || '!' WHERE id < 5",
                    "DELETE FROM s.renamed WHERE id = 20",
                    "CREATE TABLE s.parts (id int, r int, v text, PRIMARY KEY (id, r))"
                            + " PARTITION BY LIST (r)",
                    "CREATE TABLE s.part1 PARTITION OF s.parts FOR VALUES IN (1)",
                    "CREATE TABLE s.part2 (id int, r int, v text, PRIMARY KEY (id, r))",
                    "INSERT INTO s.part2 VALUES (1, 2, 'alone')",
                    "ALTER TABLE s.parts ATTACH PARTITION s.part2 FOR VALUES IN (2)",
                    "INSERT INTO s.parts VALUES (1, 1, 'x'), (2, 2, 'y')",
                    "ALTER TABLE s.parts DETACH PARTITION s.part1",
                    "CREATE TABLE s.child (more text, PRIMARY KEY (id)) INHERITS (s.typed)");

    private static final List<String> LAST =
            List.of(
                    "COMMENT ON TABLE t IS 'what everybody writes'",
                    "GRANT SELECT ON t TO reader",
                    "REVOKE SELECT ON t FROM reader",
                    "GRANT SELECT (id) ON s.typed TO reader",
                    "CREATE TABLE s.copied AS SELECT id, word FROM s.renamed",
                    "SELECT id INTO s.into FROM s.renamed WHERE id < 4",
                    "DO $$ BEGIN CREATE TABLE s.done (id int PRIMARY KEY);"
                            + " INSERT INTO s.done VALUES (1); END $$",
                    "CREATE TABLE s.one (id int PRIMARY KEY); CREATE TABLE s.two (id int);"
                            + " INSERT INTO s.two VALUES (1)",
                    "CREATE SEQUENCE s.seq",
                    "ALTER SEQUENCE s.seq INCREMENT 3",
                    "CREATE OR REPLACE FUNCTION s.f(x int) RETURNS int LANGUAGE sql"
                            + " AS $$ SELECT x + 1; $$",
                    "CREATE FUNCTION s.tf() RETURNS trigger LANGUAGE plpgsql"
                            + " AS $$ BEGIN RETURN NEW; END $$",
                    "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION s.tf()",
                    "ALTER TABLE s.typed ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES s.renamed",
                    "DROP VIEW s.seen",
                    "ALTER TABLE s.two SET SCHEMA public",
                    "DROP INDEX CONCURRENTLY t_extra",
                    "ALTER TABLE t DROP COLUMN n",
                    "DROP TABLE s.numbered",
                    "CREATE MATERIALIZED VIEW s.mat AS SELECT count(*) AS n FROM s.renamed",
                    "CREATE STATISTICS s.stat (ndistinct) ON id, v FROM t",
                    "CREATE TEMPORARY TABLE mine (id int)",
                    "ALTER TYPE s.mood RENAME VALUE 'sad' TO 'low'",
                    "TRUNCATE s.done");

    private static final String OTHERS =
            """
            SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class c
            WHERE c.relkind IN ('v', 'm') AND c.relnamespace = 's'::regnamespace
            UNION ALL SELECT 'function', p.oid::regprocedure::text, p.prosrc FROM pg_proc p
            WHERE p.pronamespace = 's'::regnamespace
            UNION ALL SELECT 'enum', e.enumlabel, e.enumtypid::regtype::text FROM pg_enum e
            UNION ALL SELECT 'domain', c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
            WHERE c.contypid <> 0
            UNION ALL SELECT 'composite', a.attname, a.atttypid::regtype::text
            FROM pg_attribute a WHERE a.attrelid = 's.pair'::regclass
            UNION ALL SELECT 'comment', 't', obj_description('t'::regclass)
            UNION ALL SELECT 'grant', c.relname,
                   -- MAINTAIN is there from 17 on.
                   replace(c.relacl::text, 'arwdDxtm', 'arwdDxt') FROM pg_class c
            WHERE c.relname IN ('t', 'typed')
            UNION ALL SELECT 'grant', a.attname, a.attacl::text FROM pg_attribute a
            WHERE a.attacl IS NOT NULL AND a.attrelid = 's.typed'::regclass
            UNION ALL SELECT 'sequence', 's.seq', seqincrement::text FROM pg_sequence
            WHERE seqrelid = 's.seq'::regclass
            UNION ALL SELECT 'part', pubname, schemaname || '.' || tablename
            FROM pg_publication_tables WHERE pubname = 'pgchorus'
            UNION ALL SELECT 'statistics', stxname, stxkeys::text FROM pg_statistic_ext
            ORDER BY 1, 2, 3\
            """;

    @Test
    void allNodesEndWithTheSameSchemaAndTheSameRows() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15, 18)) {
            group.replicateSchema();
            AtomicBoolean over = new AtomicBoolean();
            AtomicReference<Exception> broken = new AtomicReference<>();
            List<Thread> clients = new ArrayList<>();
            for (int node = 0; node < 2; node++) {
                int here = node;
                clients.add(Thread.ofVirtual().start(() -> write(group, here, over, broken)));
            }
            try {
                say(group, FIRST);
                group.settle();
                group.server(2).stop();
                say(group, WHILE_DOWN);
                group.server(2).restart();
                group.settle();
                say(group, LAST);
            } finally {
                over.set(true);
                for (Thread client : clients) {
                    client.join();
                }
            }
            assertThat(broken.get()).isNull();
            group.settle();
            for (int node = 0; node < 3; node++) {
                assertThat(
                                group.rows(
                                        node,
                                        "SELECT state, statement, reason FROM pgchorus.ddl_entry"
                                                + " WHERE state <> 'applied'"))
                        .isEmpty();
            }
            group.settledRows(SchemaScenario.SHAPE);
            group.settledRows(OTHERS);
            for (String table :
                    List.of(
                            "t",
                            "s.renamed",
                            "s.typed",
                            "s.parts",
                            "s.part1",
                            "s.copied",
                            "s.into",
                            "s.done",
                            "s.one",
                            "two")) {
                group.settledRows("SELECT x::text FROM ONLY " + table + " x ORDER BY 1");
            }
            assertThat(group.rows(0, "SELECT * FROM s.copied")).hasSize(19);
            assertThat(group.problems()).isEmpty();
        }
    }

    /** One after the other, on the first node and the second in turns. */
    private static void say(TestGroup group, List<String> statements) {
        int place = 0;
        for (String sql : statements) {
            int node = place++ / 4 % 2;
            if (place % 4 == 1) {
                group.settle(1 - node, node);
            }
            try (Connection connection = group.connect(node);
                    Statement statement = connection.createStatement()) {
                statement.execute(sql);
            } catch (SQLException e) {
                throw new IllegalStateException(sql, e);
            }
        }
    }

    private static void write(
            TestGroup group, int node, AtomicBoolean over, AtomicReference<Exception> broken) {
        try (Connection connection = group.connect(node);
                Statement statement = connection.createStatement()) {
            for (int i = 0; !over.get(); i++) {
                try {
                    statement.execute(
                            """
                            INSERT INTO t (id, v) VALUES (%d, '%d %d')
                            ON CONFLICT (id) DO UPDATE SET v = excluded.v\
                            """
                                    .formatted(1 + i % 40, node, i));
                    statement.execute("SELECT pg_sleep(0.01)");
                } catch (SQLException e) {
                    // A deadlock, or a plan from before a change of the table.
                    if (!List.of("40P01", "0A000").contains(e.getSQLState())) {
                        throw e;
                    }
                }
            }
        } catch (SQLException e) {
            broken.set(e);
        }
    }
}
