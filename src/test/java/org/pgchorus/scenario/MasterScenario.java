package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.FollowOrders;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.FollowRequest;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Session;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One master that is in no group, and three followers that want different things of it, two of them
 * under one name.
 */
class MasterScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL UNIQUE, age int, note text);
            CREATE TABLE paid (id int PRIMARY KEY, users int REFERENCES users, amount numeric);
            CREATE TABLE visit (line text);
            CREATE TABLE bag (n numeric, w json);
            ALTER TABLE bag REPLICA IDENTITY FULL;
            CREATE TABLE secret (id int PRIMARY KEY, word text);
            """;

    private static final String ALL_USERS = "SELECT id, email, age, note FROM users ORDER BY id";

    private static Address follower(TestGroup group, int number) {
        return group.server(1).address("f" + number);
    }

    private static List<String> rows(Address address, String question, int width) {
        try (Session session = Session.open(address, "test")) {
            return session.query(
                    question,
                    row -> {
                        List<String> values = new ArrayList<>();
                        for (int i = 1; i <= width; i++) {
                            values.add(row.maybe(i).orElse("null"));
                        }
                        return String.join("|", values);
                    });
        }
    }

    private static FollowRequest request(
            TestGroup group,
            String name,
            int number,
            JoinRequest.Schema schema,
            List<String> tables,
            Map<String, String> filters,
            Map<String, List<String>> columns) {
        return new FollowRequest(
                new NodeAddress(new NodeName(name), follower(group, number)),
                group.address(0),
                schema,
                true,
                4,
                tables.stream().map(TablePattern::parse).toList(),
                filters,
                columns);
    }

    @Test
    void threeFollowersOfOneMaster() throws InterruptedException {
        assumeTrue(BadInputScenario.pgDumpFor(15), "no pg_dump is here");
        List<ServerOptions> servers = Stream.of(15, 18).map(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 0)) {
            for (int number = 1; number <= 3; number++) {
                group.server(1).createDatabase("f" + number);
            }
            group.run(
                    0,
                    "INSERT INTO users SELECT g, g || '@x', g % 90, 'n' FROM"
                            + " generate_series(1, 2000) g",
                    "INSERT INTO visit VALUES ('before')",
                    "INSERT INTO bag VALUES (1.0, '1'), (1.0, '1'), (NULL, NULL), (2, NULL)");
            FollowRequest all =
                    request(
                            group,
                            "all",
                            1,
                            JoinRequest.Schema.COPY,
                            List.of("!secret"),
                            Map.of(),
                            Map.of());
            FollowRequest young =
                    request(
                            group,
                            "part",
                            2,
                            JoinRequest.Schema.COPY,
                            List.of("users"),
                            Map.of("users", "id <= 1000"),
                            Map.of("users", List.of("id", "email")));
            FollowRequest named =
                    request(
                            group,
                            "part",
                            3,
                            JoinRequest.Schema.EXISTING,
                            List.of("public.users"),
                            Map.of(),
                            Map.of("public.users", List.of("email", "id")));
            refusesWhatWouldHurtTheMaster(group);
            try (Session third = Session.open(follower(group, 3), "test")) {
                third.execute("CREATE TABLE users (id int PRIMARY KEY, email text)");
            }
            assertThat(FollowOrders.planFollow(young, JoinProgress.SILENT))
                    .anyMatch(s -> s.endsWith("public.users (id, email) where id <= 1000"));
            List<FollowRequest> requests = List.of(all, young, named);
            List<Daemon> daemons =
                    requests.stream().map(r -> Daemon.start(List.of(r.node()))).toList();
            try {
                requests.forEach(request -> FollowScenario.follow(group, request));
                changesArrive(group, requests);
                truncationArrives(group, requests);
                itStopsAndGoesOn(group, requests);
                theMasterIsLeftAsItWas(group, requests);
            } finally {
                daemons.forEach(Daemon::close);
            }
        }
    }

    private static void refusesWhatWouldHurtTheMaster(TestGroup group) {
        FollowRequest byNote =
                request(
                        group,
                        "part",
                        2,
                        JoinRequest.Schema.COPY,
                        List.of("users"),
                        Map.of("users", "age > 17"),
                        Map.of());
        assertThatThrownBy(() -> FollowOrders.follow(byNote, JoinProgress.SILENT))
                .hasMessageContaining("--where of table public.users uses the column age")
                .hasMessageContaining("REPLICA IDENTITY FULL");
        FollowRequest noKey =
                request(
                        group,
                        "part",
                        2,
                        JoinRequest.Schema.COPY,
                        List.of("users"),
                        Map.of(),
                        Map.of("users", List.of("email", "shoe")));
        assertThatThrownBy(() -> FollowOrders.follow(noKey, JoinProgress.SILENT))
                .hasMessageContaining("no columns [shoe]")
                .hasMessageContaining("lacks its key's columns [id]");
        assertThat(group.rows(0, JoinScenario.LEFTOVERS)).isEmpty();
        assertThat(rows(follower(group, 2), JoinScenario.LEFTOVERS, 1)).isEmpty();
        assertThat(rows(follower(group, 2), "SELECT to_regclass('users')", 1))
                .containsExactly("null");
    }

    private static void awaitAll(List<FollowRequest> requests) throws InterruptedException {
        for (FollowRequest request : requests) {
            assertThat(
                            Waiting.untilApplied(
                                    request.node().address(),
                                    TestGroup.LIMIT,
                                    Optional.empty(),
                                    Optional.empty()))
                    .as("%s", Survey.of(request.node().address()).problems())
                    .isEmpty();
        }
    }

    private static void changesArrive(TestGroup group, List<FollowRequest> requests)
            throws InterruptedException {
        group.run(
                0,
                "UPDATE users SET age = age + 1",
                "UPDATE users SET id = id + 5000 WHERE id BETWEEN 990 AND 1000",
                "UPDATE users SET id = -id WHERE id BETWEEN 1950 AND 1960",
                "DELETE FROM users WHERE id % 100 = 7",
                "INSERT INTO paid SELECT g, g, 1.50 FROM generate_series(1, 5) g",
                "INSERT INTO visit VALUES ('during')",
                "INSERT INTO secret VALUES (1, 'x')",
                "UPDATE bag SET w = '{\"a\": 1}' WHERE ctid = (SELECT min(ctid) FROM bag)",
                "DELETE FROM bag WHERE n IS NULL",
                "UPDATE bag SET n = 3 WHERE n = 2");
        // A table without a key sends inserts only, and the master's own work is not refused.
        group.run(0, "UPDATE visit SET line = 'changed' WHERE line = 'before'");
        awaitAll(requests);
        same(group);
        assertThat(rows(follower(group, 1), "SELECT line FROM visit ORDER BY 1", 1))
                .containsExactly("before", "during");
        assertThat(rows(follower(group, 1), "SELECT n, w FROM bag ORDER BY n, w::text", 2))
                .containsExactly("1.0|1", "1.0|{\"a\": 1}", "3|null");
        assertThat(rows(follower(group, 1), "SELECT count(*) FROM secret", 1)).containsExactly("0");
        for (FollowRequest request : requests) {
            assertThat(Survey.of(request.node().address()).problems()).isEmpty();
        }
    }

    private static void same(TestGroup group) {
        assertThat(rows(follower(group, 1), ALL_USERS, 4)).isEqualTo(group.rows(0, ALL_USERS));
        String listed = "SELECT id, email FROM users %s ORDER BY id";
        assertThat(rows(follower(group, 2), listed.formatted(""), 2))
                .isEqualTo(group.rows(0, listed.formatted("WHERE id <= 1000")));
        assertThat(rows(follower(group, 3), listed.formatted(""), 2))
                .isEqualTo(group.rows(0, listed.formatted("")));
        assertThat(
                        rows(
                                follower(group, 2),
                                "SELECT attname FROM pg_attribute WHERE attrelid ="
                                        + " 'users'::regclass AND attnum > 0 AND NOT attisdropped",
                                1))
                .containsExactly("id", "email");
    }

    private static void truncationArrives(TestGroup group, List<FollowRequest> requests)
            throws InterruptedException {
        group.run(0, "TRUNCATE users CASCADE", "TRUNCATE visit");
        group.run(0, "INSERT INTO users VALUES (1, 'new', 1, NULL)");
        awaitAll(requests);
        same(group);
        for (String table : List.of("paid", "visit")) {
            assertThat(rows(follower(group, 1), "SELECT count(*) FROM " + table, 1))
                    .containsExactly("0");
        }
    }

    /** A follower that cannot do as its master says so, and does when it can; others go on. */
    private static void itStopsAndGoesOn(TestGroup group, List<FollowRequest> requests)
            throws InterruptedException {
        Address first = follower(group, 1);
        group.run(0, "ALTER TABLE users ADD more int");
        group.run(0, "INSERT INTO users VALUES (2, 'more', 1, NULL, 5)");
        awaitStopped(first, "table public.users lacks the column [more]; add it here");
        awaitAll(requests.subList(1, 3));
        try (Session session = Session.open(first, "test")) {
            session.execute("ALTER TABLE users ADD more int");
            awaitAll(requests);
            session.execute("INSERT INTO users VALUES (99, 'clash', 1, NULL, 1)");
            group.run(0, "INSERT INTO users VALUES (3, 'clash', 1, NULL, 5)");
            awaitStopped(first, "a row that was written here stands in the way: delete it here");
            session.execute("DELETE FROM users WHERE id = 99");
        }
        awaitAll(requests);
        same(group);
        assertThat(rows(first, "SELECT more FROM users WHERE id > 1", 1)).containsExactly("5", "5");
        group.run(0, "DELETE FROM users WHERE id > 1");
        awaitAll(requests);
    }

    private static void awaitStopped(Address follower, String reason) {
        TestGroup.await(
                reason,
                () ->
                        Survey.of(follower).problems().stream()
                                .anyMatch(p -> p.contains("is stopped") && p.contains(reason)));
    }

    private static void theMasterIsLeftAsItWas(TestGroup group, List<FollowRequest> requests)
            throws InterruptedException {
        assertThat(group.rows(0, "SELECT count(*) FROM pg_replication_slots")).containsExactly("3");
        for (FollowRequest request : requests) {
            Address address = request.node().address();
            NodeOrders.remove(address, false);
            assertThat(rows(address, JoinScenario.LEFTOVERS, 1)).isEmpty();
            assertThat(rows(address, "SELECT email FROM users", 1)).containsExactly("new");
        }
        assertThat(group.rows(0, JoinScenario.LEFTOVERS)).isEmpty();
    }
}
