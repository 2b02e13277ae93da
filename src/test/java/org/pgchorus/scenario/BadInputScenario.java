package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.pgchorus.scenario.Premises.join;
import static org.pgchorus.scenario.Premises.joinCopying;
import static org.pgchorus.scenario.Premises.node;
import static org.pgchorus.scenario.Premises.refusal;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.Finding;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Whatever is wrong with what an operator gives us: the refusal says what, where and the cure, and
 * leaves nothing behind.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputScenario {
    /** Tables of every kind of key, and of none. */
    private static final String[] KEYS = {
        "CREATE TABLE good (id int PRIMARY KEY)",
        "CREATE TABLE log (line text)",
        "CREATE TABLE changing (line text)",
        "INSERT INTO changing VALUES ('x')",
        "UPDATE changing SET line = 'y'",
        "CREATE TABLE whole (line text)",
        "ALTER TABLE whole REPLICA IDENTITY FULL",
        "CREATE TABLE nothing (id int PRIMARY KEY)",
        "ALTER TABLE nothing REPLICA IDENTITY NOTHING",
        "CREATE TABLE price (amount money PRIMARY KEY)",
        "CREATE TABLE later (id int PRIMARY KEY DEFERRABLE)"
    };

    private Premises premises;

    @BeforeAll
    void open() {
        premises = new Premises();
    }

    @AfterAll
    void close() {
        premises.close();
    }

    private static List<String> lines(List<Finding> findings) {
        return findings.stream().map(Finding::line).toList();
    }

    /** What stands in the way; the servers of tests are not kept as carefully as others. */
    static List<Finding> errors(Address address, int peers) {
        return Orders.check(address, peers).stream()
                .filter(f -> f.severity() == Finding.Severity.ERROR)
                .toList();
    }

    private static List<String> checks(List<Finding> findings) {
        return findings.stream().map(Finding::check).toList();
    }

    /** The statement of a cure: all up to the first semicolon. */
    static String statement(Finding finding) {
        return finding.cure().split(";", 2)[0];
    }

    @Test
    void aServerWithoutTheSettingsIsRefusedAndItsCuresCureIt() {
        ServerOptions options =
                ServerOptions.of(18)
                        .setting("wal_level", "minimal")
                        .setting("track_commit_timestamp", "off")
                        .setting("max_wal_senders", "0")
                        .setting("max_replication_slots", "0")
                        .setting("max_active_replication_origins", "1");
        try (EmbeddedServer server = EmbeddedServer.start(options)) {
            server.createDatabase("app");
            Address app = server.address("app");
            List<Finding> findings = errors(app, 1);
            assertThat(checks(findings))
                    .containsExactlyInAnyOrder(
                            "wal_level",
                            "track_commit_timestamp",
                            "max_wal_senders",
                            "max_replication_slots",
                            "max_active_replication_origins");
            String said =
                    refusal(List.of(app), () -> Orders.createGroup(node("a", app), List.of()));
            assertThat(said.lines())
                    .hasSize(5)
                    .allSatisfy(line -> assertThat(line).startsWith("error: a: "))
                    .anySatisfy(line ->
                            assertThat(line)
                                    .contains("wal_level is minimal, needs to be logical")
                                    .contains("ALTER SYSTEM SET wal_level = 'logical'; then"))
                    .anySatisfy(line ->
                            assertThat(line)
                                    .contains("track_commit_timestamp is off")
                                    .contains("ALTER SYSTEM SET track_commit_timestamp = 'on'"))
                    .anySatisfy(line ->
                            assertThat(line)
                                    .contains("max_active_replication_origins is 1 and 0 origins")
                                    .contains("2 more are needed"));
            run(app, findings.stream().map(BadInputScenario::statement).toArray(String[]::new));
            server.restart();
            assertThat(errors(app, 1)).isEmpty();
            assertThat(lines(errors(app, 10)))
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("max_active_replication_origins is 10");
            assertThat(Orders.createGroup(node("a", app), List.of())).isEmpty();
            assertThat(errors(app, 1)).as("a member").isEmpty();
        }
    }

    @Test
    void aServerThatIsTooOldIsRefused() {
        Address old = premises.database(13, "old", "CREATE TABLE t (id int PRIMARY KEY)");
        Address provider = premises.database(18, "young", "CREATE TABLE t (id int PRIMARY KEY)");
        String problem =
                "error: a: version: the server is PostgreSQL 13, older than 14;"
                        + " cure: upgrade it to PostgreSQL 14 or later";
        assertThat(checks(errors(old, 1))).containsExactly("version");
        assertThat(refusal(List.of(old), () -> Orders.createGroup(node("a", old), List.of())))
                .isEqualTo(problem);
        Orders.createGroup(node("b", provider), List.of());
        assertThat(refusal(List.of(old, provider), () -> join(node("a", old), provider)))
                .contains(problem);
        assertThat(refusal(List.of(old, provider), () -> joinCopying(node("a", old), provider)))
                .contains(problem);
    }

    @Test
    void aDatabaseThatCannotBeWrittenIsRefused() {
        Address app = premises.database(18, "readonly", "CREATE TABLE t (id int PRIMARY KEY)");
        run(app, "ALTER DATABASE readonly SET default_transaction_read_only = on");
        List<Finding> findings = errors(app, 1);
        assertThat(checks(findings)).containsExactly("read_only");
        String said = refusal(List.of(app), () -> Orders.createGroup(node("a", app), List.of()));
        assertThat(said).contains("default_transaction_read_only");
        run(premises.server(18).address("postgres"), statement(findings.getFirst()));
        assertThat(errors(app, 1)).isEmpty();
        run(app, "CREATE PUBLICATION pgchorus", "CREATE SCHEMA pgchorus");
        said = refusal(List.of(app), () -> Orders.createGroup(node("a", app), List.of()));
        assertThat(said)
                .contains("there is a schema called pgchorus already")
                .contains("DROP SCHEMA pgchorus CASCADE")
                .contains("there is a publication called pgchorus already")
                .contains("DROP PUBLICATION pgchorus");
    }

    @Test
    void tablesWhoseRowsCannotBeToldApartAreRefused() {
        Address app = premises.database(18, "keys", KEYS);
        TestGroup.await(
                "statistics know of the update",
                () ->
                        Premises.column(
                                        app,
                                        "SELECT n_tup_upd FROM pg_stat_user_tables"
                                                + " WHERE relname = 'changing'")
                                .equals(List.of("1")));
        String said = refusal(List.of(app), () -> Orders.createGroup(node("a", app), List.of()));
        assertThat(said.lines())
                .hasSize(4)
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("table public.changing has no primary key, but its rows")
                                .contains("(1 so far)")
                                .contains("ALTER TABLE \"public\".\"changing\" ADD PRIMARY KEY")
                                .contains("--tables '!public.changing'"))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("table public.whole has no primary key but REPLICA")
                                .contains("REPLICA IDENTITY DEFAULT"))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("table public.nothing has REPLICA IDENTITY NOTHING")
                                .contains(
                                        "ALTER TABLE \"public\".\"nothing\" REPLICA IDENTITY"
                                                + " DEFAULT"))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("the key amount of table public.price cannot be hashed")
                                .contains("type money"));
        run(app, "ALTER TABLE nothing REPLICA IDENTITY DEFAULT");
        List<TablePattern> patterns =
                List.of(
                        TablePattern.parse("!public.changing"),
                        TablePattern.parse("!whole"),
                        TablePattern.parse("!price"));
        List<Finding> notes = Orders.createGroup(node("a", app), patterns);
        assertThat(lines(notes))
                .hasSize(2)
                .anySatisfy(line ->
                        assertThat(line)
                                .startsWith("note: a: key: table public.log has no primary key:")
                                .contains("only inserts and TRUNCATE replicate"))
                .anySatisfy(line ->
                        assertThat(line).contains("table public.later").contains("DEFERRABLE"));
        assertThat(Orders.tables(app))
                .extracting(Orders.ReplicatedTable::name)
                .containsExactlyInAnyOrder("good", "log", "nothing", "later");
        assertThat(refusal(List.of(app), () -> Orders.addTable(app, "price")))
                .contains("cannot be hashed");
        assertThat(refusal(List.of(app), () -> Orders.addTable(app, "prise")))
                .contains("there is no table prise at");
    }

    @Test
    void namesAndPlacesThatCannotBeAreRefused() throws InterruptedException {
        String[] schema = {
            "CREATE TABLE t (id int PRIMARY KEY, v text)", "CREATE TABLE log (line text)"
        };
        Address first = premises.database(18, "first", schema);
        Address second = premises.database(18, "second", schema);
        List<Address> both = List.of(first, second);
        assertThatThrownBy(() -> NodeAddress.parse("N1=postgresql://127.0.0.1/app"))
                .hasMessageContaining("node name \"N1\" is not allowed: a lower-case letter");
        assertThat(
                        refusal(
                                both,
                                () ->
                                        Orders.createGroup(
                                                node("a", first),
                                                List.of(TablePattern.parse("orders")))))
                .contains("no table matches orders; there are: public.log, public.t");
        assertThat(refusal(both, () -> join(node("b", second), first)))
                .contains("the database at " + first.text() + " is in no group")
                .contains("pgchorus group create NAME=" + first.text());
        Orders.createGroup(node("a", first), List.of());
        assertThat(refusal(both, () -> Orders.createGroup(node("b", first), List.of())))
                .contains(first.text() + " is node a of group")
                .contains("pgchorus node remove " + first.text());
        assertThat(refusal(both, () -> join(node("a", second), first)))
                .contains("the group has a node a already, at " + first.text())
                .contains("choose another name");
        assertThat(refusal(both, () -> join(node("b", first), first)))
                .contains(first.text() + " is node a of group");
        Address elsewhere = second.with(AddressParameter.PORT, "1");
        assertThat(refusal(both, () -> join(node("b", elsewhere), first)))
                .contains("cannot connect to " + elsewhere.text())
                .contains("refused");
        assertThat(refusal(both, () -> join(node("b", second), elsewhere)))
                .contains("cannot connect to " + elsewhere.text());
        Address missing = second.with(AddressParameter.DBNAME, "missing");
        assertThat(refusal(both, () -> join(node("b", missing), first)))
                .contains("cannot connect to " + missing.text())
                .contains("database \"missing\" does not exist");
    }

    @Test
    void aNewcomerThatIsNotLikeItsProviderIsRefused() throws InterruptedException {
        Address provider =
                premises.database(
                        18,
                        "provider",
                        "CREATE TABLE t (id int PRIMARY KEY, v text, n bigint)",
                        "CREATE TABLE log (line text)");
        Orders.createGroup(node("a", provider), List.of());
        Address other =
                premises.database(
                        18,
                        "other",
                        "CREATE TABLE t (id int, n int, more text)",
                        "INSERT INTO t VALUES (1)");
        List<Address> both = List.of(provider, other);
        String said = refusal(both, () -> join(node("b", other), provider));
        assertThat(said.lines())
                .hasSize(4)
                .allSatisfy(line -> assertThat(line).startsWith("error: b: "))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("table public.log does not exist")
                                .contains("--schema copy"))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("table public.t differs from the provider's: lacks v")
                                .contains("v text, n bigint; has n integer, more text"))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("the key of table public.t is missing")
                                .contains("the provider's is (id)"))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("table public.t has rows")
                                .contains("TRUNCATE \"public\".\"t\"; or use --data none"));
        for (String line : said.lines().toList()) {
            String cure = line.substring(line.indexOf("; cure: ") + 8).split(";", 2)[0];
            run(other, cure.startsWith("create it") ? "CREATE TABLE log (line text)" : cure);
        }
        join(node("b", other), provider);
        assertThat(Premises.column(provider, "SELECT name FROM pgchorus.member ORDER BY 1"))
                .containsExactly("a", "b");
    }

    @Test
    void aNewcomerThatOrdersTextsInAnotherWayIsRefused() {
        Address provider = premises.database(18, "utf");
        Orders.createGroup(node("a", provider), List.of());
        Address latin =
                premises.databaseLike(18, "latin", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
        assertThat(refusal(List.of(provider, latin), () -> join(node("b", latin), provider)))
                .contains("error: b: encoding: the database's encoding is LATIN1, needs to be UTF8")
                .contains("the database's encoding is LATIN1, the provider's is UTF8")
                .contains("CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8'");
        assertThat(refusal(List.of(latin), () -> Orders.createGroup(node("x", latin), List.of())))
                .contains("ENCODING 'UTF8'");
        Address bytes = premises.databaseLike(18, "bytes", "LC_COLLATE 'C' LC_CTYPE 'C'");
        assertThat(refusal(List.of(provider, bytes), () -> join(node("b", bytes), provider)))
                .contains("the database's collation is C, the provider's is C.UTF-8")
                .contains("LC_COLLATE 'C.UTF-8'");
        Address builtin =
                premises.databaseLike(
                        18, "inbuilt", "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'");
        assertThat(refusal(List.of(provider, builtin), () -> join(node("b", builtin), provider)))
                .contains("locale provider is builtin C.UTF-8, the provider's is libc");
    }

    @Test
    void theSchemaOfANewerServerThanPgDumpIsNotCopied() {
        assumeFalse(pgDumpFor(18), "a pg_dump 18 is here");
        Address provider =
                premises.database(18, "newer", "CREATE TABLE t (id int PRIMARY KEY, v text)");
        Address empty = premises.database(18, "empty");
        Orders.createGroup(node("a", provider), List.of());
        assertThat(refusal(List.of(provider, empty), () -> joinCopying(node("b", empty), provider)))
                .contains("--schema copy needs pg_dump of version 18 or later, but ")
                .contains("install the package postgresql-client-18")
                .contains("--schema existing");
    }

    @Test
    void theSchemaIsCopiedWhole() throws InterruptedException {
        assumeTrue(pgDumpFor(15), "no pg_dump is here");
        Address provider =
                premises.database(
                        15,
                        "older",
                        "CREATE SCHEMA shop",
                        "CREATE TYPE shop.state AS ENUM ('new', 'old')",
                        "CREATE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                        "CREATE TABLE shop.t (id int PRIMARY KEY, s shop.state DEFAULT 'new')",
                        "CREATE TABLE log (line text, n int DEFAULT shop.one())",
                        "CREATE VIEW lines AS SELECT line FROM log",
                        "CREATE TABLE days (day int PRIMARY KEY, v text) PARTITION BY RANGE (day)",
                        "CREATE TABLE days1 PARTITION OF days FOR VALUES FROM (0) TO (10)",
                        "CREATE INDEX days_v ON days (v)",
                        "INSERT INTO days VALUES (5, 'five')",
                        "CREATE TABLE parent (id int PRIMARY KEY)",
                        "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent)",
                        "SET session_replication_role = replica",
                        "INSERT INTO child VALUES (1, 9)",
                        "INSERT INTO shop.t VALUES (1)");
        Orders.createGroup(node("a", provider), List.of());
        Address there = premises.database(18, "there", "CREATE TABLE log (line text)");
        assertThat(refusal(List.of(provider, there), () -> joinCopying(node("b", there), provider)))
                .contains("table public.log exists already")
                .contains("DROP TABLE \"public\".\"log\"");
        run(there, "DROP TABLE log", "CREATE TABLE lines (line text)");
        assertThat(refusal(List.of(provider, there), () -> joinCopying(node("b", there), provider)))
                .contains("relation \"lines\" already exists")
                .contains("nothing was created");
        run(there, "DROP TABLE lines", "CREATE TYPE mine AS ENUM ('kept')");
        run(provider, "INSERT INTO log VALUES ('x', 5)");
        run(
                provider,
                "ALTER TABLE log ADD CONSTRAINT later CHECK (n < 3) NOT VALID",
                "ALTER TABLE log ADD CONSTRAINT small CHECK (n < 3 OR"
                        + " current_setting('server_version_num')::int < 160000) NOT VALID",
                "ALTER TABLE log VALIDATE CONSTRAINT small");
        assertThat(refusal(List.of(provider, there), () -> joinCopying(node("b", there), provider)))
                .contains("copying table public.log: ")
                .contains("small");
        run(provider, "ALTER TABLE log DROP CONSTRAINT small");
        joinCopying(node("b", there), provider);
        assertThat(Premises.column(there, "SELECT s FROM shop.t")).containsExactly("new");
        assertThat(Premises.column(there, "SELECT line FROM lines")).containsExactly("x");
        assertThat(
                        Premises.column(
                                there,
                                "SELECT conname || convalidated FROM pg_constraint"
                                        + " WHERE contype IN ('p', 'c') ORDER BY 1"))
                .contains("laterfalse", "t_pkeytrue");
        String indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname !~ '^pg' ORDER BY 1";
        assertThat(Premises.column(there, indexes))
                .isEqualTo(Premises.column(provider, indexes))
                .hasSize(7);
        // A row of the provider has no parent, so the newcomer's has none.
        assertThat(
                        Premises.column(
                                there,
                                "SELECT convalidated::text FROM pg_constraint WHERE contype = 'f'"))
                .containsExactly("false");
        assertThat(Premises.column(there, "SELECT parent FROM child")).containsExactly("9");
        assertThat(Premises.column(there, "SELECT v FROM days")).containsExactly("five");
    }

    /** Whether a pg_dump that can read that server is where we look for it. */
    static boolean pgDumpFor(int major) {
        boolean debian =
                java.util.stream.IntStream.rangeClosed(major, 30)
                        .mapToObj(m -> Path.of("/usr/lib/postgresql/" + m + "/bin/pg_dump"))
                        .anyMatch(Files::isExecutable);
        return debian
                || Arrays.stream(System.getenv("PATH").split(":"))
                        .map(directory -> Path.of(directory, "pg_dump"))
                        .filter(Files::isExecutable)
                        .anyMatch(tool -> version(tool) >= major);
    }

    private static int version(Path tool) {
        try {
            Process process = new ProcessBuilder(tool.toString(), "--version").start();
            String out =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return Integer.parseInt(out.replaceFirst("(?s).*\\(PostgreSQL\\) (\\d+).*", "$1"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
