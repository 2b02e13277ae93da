package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.join;
import static org.pgchorus.scenario.Premises.node;
import static org.pgchorus.scenario.Premises.objects;
import static org.pgchorus.scenario.Premises.refusal;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.config.Address;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.PolicyOrders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.member.Leaver.Left;
import org.pgchorus.model.NodeName;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What node remove leaves is a plain database, and nothing else on the server is touched. */
class RemoveScenario {
    private static final String[] SCHEMA = {
        "CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "CREATE TABLE whole (id int, stamp timestamptz) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF whole (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (100)",
        "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER own BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION own()",
        "CREATE PUBLICATION own FOR TABLE item",
        "INSERT INTO item VALUES (1, 1), (2, 2)",
        "INSERT INTO part VALUES (1, now())",
    };

    /** Everything that is ours in a database; of the server's, what belongs to it. */
    private static final String OURS =
            """
            SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname ~ 'chorus'
            UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
                      WHERE p.pronamespace::regnamespace::text ~ 'chorus'
            UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname ~ 'chorus'
            UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
                      WHERE evtname ~ 'chorus'
            UNION ALL SELECT 'publication ' || pubname FROM pg_publication WHERE pubname ~ 'chorus'
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
                      WHERE database = current_database()
            UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
                      WHERE roname ~ '^pgchorus_GROUP_([0-9]+_NODE$|(self|copy)_NODE(_|$))'
            UNION ALL SELECT 'setting ' || setconfig::text FROM pg_db_role_setting
                      WHERE setconfig::text ~ 'chorus'
            UNION ALL SELECT 'session ' || application_name FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name ~ '^pgchorus.'
            """;

    private static final String ORIGINS =
            "SELECT roname FROM pg_replication_origin WHERE roname ~ 'chorus'";

    private static List<String> ours(Address database, String group, int id) {
        return column(database, OURS.replace("GROUP", group).replace("NODE", Integer.toString(id)));
    }

    private static Left remove(Address database) throws InterruptedException {
        return NodeOrders.remove(database, false);
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void aPlainDatabaseIsLeftAndNoOtherIsHarmed(int major) throws Exception {
        try (Premises premises = new Premises()) {
            Address one = premises.database(major, "one", SCHEMA);
            Address x = premises.database(major, "x", SCHEMA);
            Address y =
                    premises.database(
                            major,
                            "y",
                            "CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                            "CREATE TABLE part (id int PRIMARY KEY, stamp timestamptz)");
            List<String> plain = objects(List.of(one));
            try (Daemon daemon =
                    Daemon.start(List.of(node("one", one), node("x", x), node("y", y)))) {
                Orders.createGroup(node("one", one), List.of());
                Orders.createGroup(node("x", x), List.of());
                join(node("y", y), x);
                assertThat(Orders.awaitReady(x, new NodeName("y"), 60_000, hint -> {})).isTrue();
                aServedNodeAlone(one, plain, daemon);
                theOthersGoOn(x, y);
                aMemberIsRefused(x, y);
                halfMadeOnes(premises.database(major, "z", SCHEMA), x, y);
                theGroupIsGone(x, y);
                assertThat(column(y, ORIGINS)).isEmpty();
            }
        }
    }

    private static void aServedNodeAlone(Address one, List<String> plain, Daemon daemon)
            throws Exception {
        PolicyOrders.set(
                one,
                "item",
                new PolicyOrders.Change(Optional.empty(), Optional.empty(), Set.of("n"), Set.of()));
        String group = Survey.of(one).groupId();
        run(
                one,
                "ALTER DATABASE one SET pgchorus.replicate_ddl = off",
                "ALTER ROLE postgres IN DATABASE one SET pgchorus.replicate_ddl = off",
                "CREATE VIEW report AS SELECT * FROM pgchorus.conflict_history",
                "CREATE TABLE mine (at bigint DEFAULT pgchorus.micros(now()))");
        assertThat(refusal(List.of(one), () -> remove(one)))
                .contains("objects of your own use the schema pgchorus")
                .contains("view report", "default value for column at of table mine");
        run(one, "DROP VIEW report", "DROP TABLE mine");
        Left left = remove(one);
        assertThat(left.node()).contains("one");
        assertThat(left.notes())
                .singleElement()
                .asString()
                .contains("ALTER TABLE \"public\".\"item\" REPLICA IDENTITY DEFAULT");
        TestGroup.await("nobody is there", () -> ours(one, group, 1).isEmpty());
        assertThat(objects(List.of(one)).stream().filter(o -> !o.contains("pgchorus")))
                .containsExactlyInAnyOrderElementsOf(plain);
        assertThat(column(one, "SELECT id || '.' || n FROM item ORDER BY 1"))
                .containsExactly("1.1", "2.2");
        assertThat(column(one, "SELECT count(*) FROM whole")).containsExactly("1");
        TestGroup.await(
                "the daemon knows",
                () -> daemon.states().get(new NodeName("one")).contains("not a member"));
        assertThat(remove(one).done()).isEmpty();
        run(one, "INSERT INTO item VALUES (3, 3)", "DELETE FROM item", "TRUNCATE whole");
    }

    private static void theOthersGoOn(Address x, Address y) throws InterruptedException {
        run(x, "INSERT INTO item VALUES (10, 0)");
        run(y, "INSERT INTO item VALUES (11, 0)");
        settle(x, y, "2");
        run(y, "DELETE FROM item WHERE id >= 10");
        settle(x, y, "0");
    }

    private static void settle(Address x, Address y, String rows) throws InterruptedException {
        assertThat(
                        Waiting.untilApplied(
                                x, Duration.ofMinutes(1), Optional.empty(), Optional.empty()))
                .isEmpty();
        for (Address address : List.of(x, y)) {
            assertThat(column(address, "SELECT count(*) FROM item WHERE id >= 10"))
                    .containsExactly(rows);
        }
    }

    private static void aMemberIsRefused(Address x, Address y) throws InterruptedException {
        assertThat(refusal(List.of(x, y), () -> remove(y)))
                .contains("node y is still a member of its group: x counts on it")
                .contains("pgchorus node detach y first", "--force");
        theOthersGoOn(x, y);
    }

    /** Its schema is gone, but its slots and origins are not; or no schema was ever there. */
    private static void halfMadeOnes(Address z, Address x, Address y) throws InterruptedException {
        Orders.createGroup(node("z", z), List.of());
        String group = Survey.of(z).groupId();
        run(
                z,
                "DROP SCHEMA pgchorus CASCADE",
                "SELECT pg_create_logical_replication_slot('pgchorus_%s_1_2', 'pgoutput')"
                        .formatted(group),
                "SELECT pg_replication_origin_create('pgchorus_%s_2_1')".formatted(group),
                "SELECT pg_replication_origin_create('pgchorus_%s_copy_1_0')".formatted(group));
        assertThat(ours(z, group, 1)).hasSize(5);
        assertThat(remove(z).done()).hasSize(5);
        assertThat(ours(z, group, 1)).isEmpty();
        run(z, "SELECT pg_replication_origin_create('pgchorus_deadbeef_self_7')");
        assertThat(remove(z).done()).containsExactly("origin pgchorus_deadbeef_self_7");
        theOthersGoOn(x, y);
    }

    /** One that was forced out; then one whose only peer is gone. */
    private static void theGroupIsGone(Address x, Address y) throws InterruptedException {
        String group = Survey.of(x).groupId();
        List<String> before = ours(x, group, 1);
        NodeOrders.readOnly(y, new NodeName("y"), true);
        assertThat(NodeOrders.remove(y, true).notes())
                .singleElement()
                .asString()
                .contains("node x still counts on it; there: pgchorus node detach y --group");
        TestGroup.await("nobody is at y", () -> ours(y, group, 2).isEmpty());
        run(y, "INSERT INTO part VALUES (77, now())");
        assertThat(ours(x, group, 1))
                .containsAll(before.stream().filter(o -> !isSession(o)).toList());
        assertThat(column(y, "SELECT count(*) FROM item WHERE id < 10")).containsExactly("2");
        run(
                x,
                "UPDATE pgchorus.member SET address = 'host=127.0.0.1 port=1 dbname=y' WHERE id ="
                        + " 2");
        assertThat(remove(x).notes()).singleElement().asString().contains("node y could not be");
        TestGroup.await("nobody is at x", () -> ours(x, group, 1).isEmpty());
    }

    private static boolean isSession(String object) {
        return object.startsWith("session ");
    }
}
