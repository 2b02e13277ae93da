package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.pgchorus.scenario.HostileNames.literal;
import static org.pgchorus.scenario.HostileNames.quoted;
import static org.pgchorus.scenario.HostileNames.with;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.node;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Detach;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.PolicyOrders;
import org.pgchorus.daemon.Repair;
import org.pgchorus.daemon.Sequences;
import org.pgchorus.daemon.Support;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Undo;
import org.pgchorus.daemon.Verification;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Keep;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/**
 * Everything that has a name has one that could end a quotation, be taken for a parameter, a format
 * or a pattern, or be cut in the middle of a character; and a group goes through all that it does.
 */
@Timeout(300)
class HostileNameScenario {
    private static final int RANDOM = Integer.getInteger("pgchorus.names", 10);
    private static final long SEED = Long.getLong("pgchorus.seed", System.nanoTime());

    private static final List<String> SCHEMAS =
            List.of("s\"'\\ $$", "\u202e%s\n-- x", "\ud83d\ude00.b?", "Select");

    private static final String TYPES = "ty\"pes $pgchorus$ %";
    private static final String DATABASE = "d\"b '\\ %41 ? \ud83d\ude00/&=#";
    private static final String ROLE = "r\"o'le\\ %s $$ \u00f6\n;";

    private static EmbeddedServer first;
    private static EmbeddedServer second;
    private static Address a;
    private static Address b;
    private static List<Named> tables;

    /** A table and what belongs to it. */
    private record Named(String schema, String name, String keyName, String value) {
        String sql() {
            return quoted(schema) + "." + quoted(name);
        }

        String key() {
            return quoted(keyName);
        }

        String of(String ending) {
            return quoted(with(name, ending));
        }

        String type() {
            return quoted(TYPES) + "." + quoted(name);
        }

        List<String> creation() {
            String sequence = quoted(schema) + "." + of("_s");
            return List.of(
                    "CREATE TYPE %s AS ENUM (%s, 'plain')".formatted(type(), literal(name)),
                    "CREATE SEQUENCE " + sequence,
                    """
                    CREATE TABLE %s (%s text, %s text, %s int, %s %s, %s bigint NOT NULL DEFAULT 0,
                        %s bigint DEFAULT nextval(%s), CONSTRAINT %s PRIMARY KEY (%s),
                        CONSTRAINT %s UNIQUE (%s))\
                    """
                            .formatted(
                                    sql(),
                                    key(),
                                    quoted(value),
                                    of("_u"),
                                    of("_e"),
                                    type(),
                                    of("_d"),
                                    of("_n"),
                                    literal(sequence),
                                    of("_k"),
                                    key(),
                                    of("_c"),
                                    of("_u")),
                    "CREATE INDEX %s ON %s (%s)".formatted(of("_i"), sql(), quoted(value)));
        }

        String insertion(String key, int unique) {
            return "INSERT INTO %s (%s, %s, %s, %s) VALUES (%s, %s, %d, %s)"
                    .formatted(
                            sql(),
                            key(),
                            quoted(value),
                            of("_u"),
                            of("_e"),
                            literal(key),
                            literal(value),
                            unique,
                            literal(name));
        }

        String change(String value, String key) {
            return "UPDATE %s SET %s = %s WHERE %s = %s"
                    .formatted(sql(), quoted(this.value), literal(value), key(), literal(key));
        }

        String deletion(String key) {
            return "DELETE FROM %s WHERE %s = %s".formatted(sql(), key(), literal(key));
        }
    }

    @BeforeAll
    static void start() {
        System.out.println("hostile names: seed " + SEED);
        first = EmbeddedServer.start(15);
        second = EmbeddedServer.start(18);
        a = prepared(first);
        b = prepared(second);
        List<String> names = HostileNames.of(SEED, RANDOM);
        Collections.shuffle(names, new Random(SEED));
        tables = new ArrayList<>();
        for (int i = 0; i + 2 < names.size(); i += 3) {
            tables.add(
                    new Named(
                            SCHEMAS.get(i % SCHEMAS.size()),
                            names.get(i),
                            names.get(i + 1),
                            names.get(i + 2)));
        }
    }

    private static Address prepared(EmbeddedServer server) {
        Premises.run(
                server.address("postgres"),
                "CREATE ROLE %s SUPERUSER LOGIN".formatted(quoted(ROLE)));
        server.createDatabase(DATABASE);
        return server.address(DATABASE).with(AddressParameter.USER, ROLE);
    }

    @AfterAll
    static void stop() {
        try (EmbeddedServer _ = first;
                EmbeddedServer _ = second) {
            assertThat(first).isNotNull();
        }
    }

    /** One transaction of a statement or more for each table. */
    private static void each(Address address, Function<Named, String> statement) {
        List<String> statements = new ArrayList<>();
        tables.forEach(table -> statements.add(statement.apply(table)));
        together(address, statements);
    }

    private static void together(Address address, List<String> statements) {
        List<String> all = new ArrayList<>(statements);
        all.addFirst("BEGIN");
        all.add("COMMIT");
        Premises.run(address, all.toArray(String[]::new));
    }

    private static void settle() throws InterruptedException {
        assertThat(
                        Waiting.untilApplied(
                                a, Duration.ofSeconds(90), Optional.empty(), Optional.empty()))
                .as("late links; %s", Survey.of(a).problems())
                .isEmpty();
        assertThat(Survey.of(a).problems()).isEmpty();
    }

    private static Verification.Found compared() throws InterruptedException {
        settle();
        return Verification.of(
                a, new Verification.Request(List.of(), List.of(), Duration.ofSeconds(60), 10));
    }

    private static void assertEqual() throws InterruptedException {
        Verification.Found found = compared();
        assertThat(found.tables()).as("seed %d", SEED).hasSizeGreaterThanOrEqualTo(tables.size());
        assertThat(found.tables())
                .as("seed %d", SEED)
                .allMatch(report -> report.outcome() instanceof Outcome.Equal);
    }

    @Test
    void aGroupOfThemGoesThroughAllThatItDoes() throws InterruptedException {
        assumeTrue(BadInputScenario.pgDumpFor(15), "no pg_dump is here");
        for (String schema : SCHEMAS) {
            Premises.run(a, "CREATE SCHEMA " + quoted(schema));
        }
        Premises.run(a, "CREATE SCHEMA " + quoted(TYPES));
        tables.forEach(table -> Premises.run(a, table.creation().toArray(String[]::new)));
        each(a, table -> table.insertion(table.name, 1));
        each(a, table -> table.insertion("2", 2));
        each(a, table -> table.insertion("3", 3));
        Orders.createGroup(node("a", a), patterns());
        assertThat(Orders.tables(a)).hasSize(tables.size());
        try (Daemon daemon = Daemon.start(List.of(node("a", a), node("b", b)))) {
            Premises.joinCopying(node("b", b), a);
            assertThat(Orders.awaitReady(a, new NodeName("b"), 90_000, hint -> {}))
                    .as("ready; %s; %s", daemon.states(), Survey.of(a).problems())
                    .isTrue();
            assertEqual();
            changesTravel();
            conflictsAreDecidedAndUndone();
            differencesAreFoundAndRepaired();
            sequencesAndPoliciesAreSet();
            schemaChangesTravel();
            assertThat(Support.nodes(a).keySet()).noneMatch(name -> name.contains("failed"));
            each(b, table -> "TRUNCATE " + table.sql());
            assertEqual();
            Detach.nodes(a, List.of(new NodeName("b")), step -> {});
            NodeOrders.remove(b, false);
        }
        assertThat(column(b, JoinScenario.LEFTOVERS)).isEmpty();
    }

    private static List<TablePattern> patterns() {
        List<TablePattern> patterns = new ArrayList<>();
        tables.forEach(table -> patterns.add(TablePattern.parse(table.sql())));
        patterns.add(TablePattern.parse(quoted(SCHEMAS.getFirst()) + ".*"));
        return patterns;
    }

    private static void changesTravel() throws InterruptedException {
        each(a, table -> table.change("changed at a", table.name));
        each(a, table -> table.deletion("2"));
        each(b, table -> table.insertion("10", 10));
        each(
                b,
                table ->
                        "UPDATE %1$s SET %2$s = '30' WHERE %2$s = '3'"
                                .formatted(table.sql(), table.key()));
        assertEqual();
        each(a, table -> table.change(table.value, "10"));
        each(b, table -> table.deletion("30"));
        assertEqual();
    }

    private static void conflictsAreDecidedAndUndone() throws InterruptedException {
        NodeName one = new NodeName("a");
        NodeName other = new NodeName("b");
        pause(one, other, true);
        each(a, table -> table.change("of a", table.name));
        each(a, table -> table.insertion("100", 500));
        each(b, table -> table.change("of b", table.name));
        each(b, table -> table.insertion("101", 500));
        pause(one, other, false);
        assertEqual();
        assertThat(column(b, "SELECT DISTINCT \"table\" FROM pgchorus.displaced"))
                .as("seed %d", SEED)
                .hasSize(tables.size());
        List<Conflicts.Conflict> found =
                Conflicts.list(a, Optional.empty(), Optional.empty(), Optional.empty(), 100_000)
                        .found();
        List<Conflicts.Conflict> updates =
                found.stream().filter(it -> it.type().equals("update_origin_differs")).toList();
        assertThat(updates).as("seed %d", SEED).hasSizeGreaterThanOrEqualTo(tables.size());
        List<Conflicts.Conflict> some = new ArrayList<>(updates);
        Collections.shuffle(some, new Random(SEED));
        for (Conflicts.Conflict conflict : some.subList(0, Math.min(10, some.size()))) {
            assertThat(Conflicts.show(a, conflict.id()).table()).isEqualTo(conflict.table());
            Undo.conflict(a, conflict.id());
        }
        assertEqual();
        each(a, table -> table.deletion("101"));
        settle();
        for (Address node : List.of(a, b)) {
            TestGroup.await(
                    "all have come back",
                    () -> column(node, "SELECT 1 FROM pgchorus.displaced").isEmpty());
        }
        each(a, table -> table.deletion("100"));
        assertEqual();
    }

    private static void pause(NodeName one, NodeName other, boolean paused)
            throws InterruptedException {
        assertThat(Orders.pause(a, one, other, paused)).isTrue();
        assertThat(Orders.pause(a, other, one, paused)).isTrue();
    }

    private static void differencesAreFoundAndRepaired() throws InterruptedException {
        List<String> planted =
                new ArrayList<>(
                        List.of(
                                "SELECT pg_replication_origin_session_setup('planted')",
                                "SELECT pg_replication_origin_xact_setup('0/1', now())",
                                "SET LOCAL session_replication_role = replica"));
        tables.forEach(table -> planted.add(table.change("planted", table.name)));
        Premises.run(b, "SELECT pg_replication_origin_create('planted')");
        together(b, planted);
        Verification.Found found = compared();
        assertThat(found.tables())
                .as("seed %d", SEED)
                .allMatch(report -> report.outcome() instanceof Outcome.Differs);
        Repair.Request all =
                new Repair.Request(
                        List.of(), new Keep.RowsOf(new NodeName("a")), Duration.ofSeconds(60));
        Repair.Done done = Repair.of(a, all, _ -> {}, VerifyProgress.SILENT);
        assertThat(done.repaired()).as("seed %d", SEED).isGreaterThanOrEqualTo(tables.size());
        assertEqual();
        assertThat(
                        column(
                                b,
                                "SELECT 1 FROM %s WHERE %s = 'planted'"
                                        .formatted(
                                                tables.getFirst().sql(),
                                                quoted(tables.getFirst().value))))
                .isEmpty();
        Premises.run(b, "SELECT pg_replication_origin_drop('planted')");
    }

    private static void sequencesAndPoliciesAreSet() throws InterruptedException {
        assertThat(Sequences.spread(a, List.of(), OptionalInt.empty())).hasSize(tables.size());
        for (Named table : tables.subList(13, 16)) {
            PolicyOrders.Change delta =
                    new PolicyOrders.Change(
                            Optional.empty(),
                            Optional.empty(),
                            Set.of(with(table.name, "_d")),
                            Set.of());
            assertThat(PolicyOrders.set(a, table.sql(), delta).deltaColumns()).hasSize(1);
            String more = "UPDATE %1$s SET %2$s = %2$s + 1".formatted(table.sql(), table.of("_d"));
            Premises.run(a, more);
            Premises.run(b, more);
        }
        assertEqual();
    }

    /** On one node in one schema, whose new tables take part. */
    private static void schemaChangesTravel() throws InterruptedException {
        String schema = SCHEMAS.getFirst();
        List<Named> fresh = new ArrayList<>();
        for (int i = 0; i < tables.size(); i += 4) {
            Named table = tables.get(i);
            Premises.run(
                    a,
                    "ALTER TABLE %s ADD COLUMN %s text DEFAULT %s"
                            .formatted(table.sql(), table.of("_new"), literal(table.name)),
                    "ALTER TABLE %s RENAME COLUMN %s TO %s"
                            .formatted(table.sql(), table.of("_u"), table.of("_uu")),
                    "ALTER TYPE %s ADD VALUE %s"
                            .formatted(table.type(), literal(with(table.name, "+"))),
                    "ALTER TABLE %s ALTER %s TYPE numeric".formatted(table.sql(), table.of("_d")),
                    "DROP INDEX %s.%s".formatted(quoted(table.schema), table.of("_i")));
            Named other = new Named(schema, with(table.name, "!" + i), table.keyName, table.value);
            fresh.add(other);
            Premises.run(a, other.creation().toArray(String[]::new));
            Premises.run(a, other.insertion("1", 1));
        }
        settle();
        for (Named table : fresh) {
            Premises.run(b, table.deletion("1"), table.insertion(table.name, 2));
        }
        assertEqual();
        assertThat(column(a, "SELECT DISTINCT state FROM pgchorus.ddl_entry"))
                .containsExactly("applied");
        assertThat(column(b, "SELECT DISTINCT state FROM pgchorus.ddl_entry"))
                .containsExactly("applied");
        assertThat(column(b, "SELECT t::text FROM pgchorus.shape_now t WHERE kind <> 'key'"))
                .hasSameSizeAs(
                        column(a, "SELECT t::text FROM pgchorus.shape_now t WHERE kind <> 'key'"));
        fresh.forEach(table -> Premises.run(a, "DROP TABLE " + table.sql()));
        assertEqual();
    }
}
