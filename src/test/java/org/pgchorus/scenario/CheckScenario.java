package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgchorus.scenario.Premises.as;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.pgchorus.config.Address;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.Checkup;
import org.pgchorus.member.Finding;
import org.pgchorus.member.Vitals;

import java.util.List;

/** What {@code check} finds out, and that it leaves nothing behind. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CheckScenario {
    private static final String TRACES =
            """
            SELECT slot_name FROM pg_replication_slots
            UNION ALL SELECT roname FROM pg_replication_origin
            UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'pgchorus'\
            """;

    private Premises premises;

    @BeforeAll
    void open() {
        premises = new Premises();
    }

    @AfterAll
    void close() {
        premises.close();
    }

    private static List<String> lines(Address address, String check) {
        return Orders.check(address, 2).stream()
                .filter(f -> f.check().equals(check))
                .map(f -> f.problem() + " => " + f.cure())
                .toList();
    }

    @Test
    void whatIsTriedLeavesNothing() {
        for (int major : new int[] {14, 18}) {
            Address app = premises.database(major, "tried", "CREATE TABLE t (id int PRIMARY KEY)");
            assertThat(BadInputScenario.errors(app, 2)).isEmpty();
            assertThat(column(app, TRACES)).isEmpty();
        }
    }

    @Test
    void anOriginIsTriedNotGuessed() {
        Address app = premises.database(18, "hindered", "CREATE ROLE half LOGIN");
        Address half = as(app, "half");
        run(
                app,
                "ALTER ROLE half REPLICATION",
                "GRANT SET ON PARAMETER session_replication_role TO half",
                "GRANT CREATE ON DATABASE hindered TO half",
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_catalog TO half");
        assertThat(BadInputScenario.errors(half, 1)).isEmpty();
        run(app, "ALTER ROLE half NOREPLICATION");
        assertThat(Orders.check(half, 1))
                .extracting(Finding::check)
                .contains("replication")
                .doesNotContain("origins");
        // As on services whose functions refuse though the catalog says that they may be called.
        run(
                app,
                "SET allow_system_table_mods = on; ALTER FUNCTION"
                    + " pg_catalog.pg_replication_origin_session_setup(text) RENAME TO real_one;"
                    + " CREATE FUNCTION pg_catalog.pg_replication_origin_session_setup(text)"
                    + " RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE insufficient_privilege; END'",
                "ALTER ROLE half REPLICATION");
        assertThat(BadInputScenario.errors(half, 1))
                .singleElement()
                .extracting(Finding::problem)
                .asString()
                .startsWith("the role cannot use a replication origin");
        assertThat(column(app, TRACES)).isEmpty();
    }

    @Test
    void connectionLimitsAreFoundAndTheirCuresCureThem() {
        Address app = premises.database(18, "narrow", "CREATE ROLE few SUPERUSER LOGIN");
        run(app, "ALTER DATABASE narrow CONNECTION LIMIT 8", "ALTER ROLE few CONNECTION LIMIT 5");
        Address few = as(app, "few");
        List<Finding> found = BadInputScenario.errors(few, 2);
        assertThat(found).extracting(Finding::check).containsOnly("connection_limit").hasSize(2);
        found.forEach(f -> run(app, BadInputScenario.statement(f)));
        assertThat(BadInputScenario.errors(few, 2)).isEmpty();
        assertThat(lines(few, "max_connections")).isEmpty();
        assertThat(BadInputScenario.errors(few, 100))
                .extracting(Finding::check)
                .contains("max_connections");
    }

    @Test
    void whatFiresOrCountsOrIsNotLoggedIsNoted() {
        Address app =
                premises.database(
                        18,
                        "noted",
                        "CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY"
                                + " (INCREMENT BY 10))",
                        "SELECT setval('t_id_seq', 14)",
                        "CREATE UNLOGGED TABLE fast (id int PRIMARY KEY)",
                        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;"
                                + " END'",
                        "CREATE TRIGGER \"On t\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION"
                                + " f()",
                        "ALTER TABLE t ENABLE ALWAYS TRIGGER \"On t\"");
        assertThat(lines(app, "sequences"))
                .singleElement()
                .asString()
                .contains("the same numbers: public.t.id =>")
                .contains("pgchorus sequence spread");
        assertThat(lines(app, "unlogged"))
                .containsExactly(
                        "table public.fast is UNLOGGED: it does not replicate => ALTER TABLE"
                                + " \"public\".\"fast\" SET LOGGED");
        assertThat(lines(app, "fires_always"))
                .singleElement()
                .asString()
                .contains("trigger On t of table public.t")
                .contains("ENABLE TRIGGER \"On t\"");
        run(app, "ALTER DATABASE noted SET session_replication_role = replica");
        assertThat(lines(app, "session_replication_role"))
                .singleElement()
                .asString()
                .contains("ALTER DATABASE \"noted\" RESET session_replication_role");
    }

    @Test
    void aServiceIsToldByItsRolesAndCuresAreInItsWords() {
        ServerOptions options =
                ServerOptions.of(18)
                        .setting("wal_level", "replica")
                        .setting("max_slot_wal_keep_size", "64MB")
                        .setting("idle_replication_slot_timeout", "5min")
                        .setting("wal_sender_timeout", "0");
        try (EmbeddedServer server = EmbeddedServer.start(options)) {
            server.createDatabase("app");
            Address app = server.address("app");
            assertThat(lines(app, "wal_level"))
                    .singleElement()
                    .asString()
                    .contains("ALTER SYSTEM SET wal_level = 'logical'");
            assertThat(lines(app, "max_slot_wal_keep_size"))
                    .singleElement()
                    .asString()
                    .contains("behind by more than 64 MB loses its slot");
            assertThat(lines(app, "idle_replication_slot_timeout"))
                    .singleElement()
                    .asString()
                    .contains("away for 300 s");
            assertThat(lines(app, "wal_sender_timeout")).hasSize(1);
            assertThat(lines(app, "fsync")).hasSize(1);
            run(app, "CREATE ROLE rds_superuser");
            assertThat(lines(app, "wal_level"))
                    .singleElement()
                    .asString()
                    .contains("rds.logical_replication = 1 in the DB parameter group");
            run(app, "ALTER ROLE rds_superuser RENAME TO azure_pg_admin");
            assertThat(lines(app, "wal_level"))
                    .singleElement()
                    .asString()
                    .contains("server parameter wal_level = logical");
        }
    }

    @Test
    void databasesThatDoNotFitAreFound() {
        Address first = premises.databaseLike(18, "fit1", "LC_COLLATE 'C' LC_CTYPE 'C'");
        Address second = premises.databaseLike(18, "fit2", "LC_COLLATE 'C.utf8' LC_CTYPE 'C'");
        run(first, "CREATE EXTENSION hstore VERSION '1.7'");
        run(second, "CREATE EXTENSION hstore");
        run(second, "CREATE EXTENSION citext");
        List<Vitals> vitals =
                List.of(first, second).stream()
                        .map(a -> Orders.checkup(a, 1))
                        .map(Checkup::vitals)
                        .toList();
        assertThat(Vitals.compare(vitals))
                .extracting(Finding::check)
                .containsExactly("collation", "extension", "extension");
    }

    @Test
    void aClockThatIsWrongIsFound() {
        FakeClock.require();
        try (FakeClock clock = FakeClock.right();
                EmbeddedServer server = EmbeddedServer.start(clock.in(ServerOptions.of(18)))) {
            server.createDatabase("app");
            clock.ahead(java.time.Duration.ofSeconds(30));
            Address app = premises.database(18, "intime");
            TestGroup.await(
                    "the server shows the other time",
                    () ->
                            Vitals.compare(
                                            List.of(
                                                    Orders.checkup(app, 1).vitals(),
                                                    Orders.checkup(server.address("app"), 1)
                                                            .vitals()))
                                    .stream()
                                    .anyMatch(f ->
                                            f.severity() == Finding.Severity.ERROR
                                                    && f.problem().contains("s ahead of that")));
        }
    }
}
