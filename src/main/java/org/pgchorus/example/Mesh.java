package org.pgchorus.example;

import org.pgchorus.pg.Session;
import org.pgchorus.pg.Sheet;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * A mesh of equal nodes, as mmlite's authors describe it: every node publishes the same tables and
 * takes what all others write. A third and a fourth node come while everybody writes.
 */
final class Mesh implements Example {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final int CLIENTS_PER_NODE = 2;

    /** Transactions of a new node that show that it takes part. */
    private static final int A_FEW = 30;

    /** Few, so that all nodes pay into the same accounts at the same time. */
    private static final int TREASURERS = 3;

    private static final String DEPARTMENTS =
            """
            CREATE TABLE departments (
                id serial PRIMARY KEY, name text NOT NULL, budget int NOT NULL DEFAULT 0)\
            """;

    private static final String USERS =
            """
            CREATE TABLE users (
                id bigint PRIMARY KEY, name text NOT NULL, email text UNIQUE,
                department int REFERENCES departments, balance bigint NOT NULL DEFAULT 0)\
            """;

    private static final String IDS = "CREATE SEQUENCE users_id_seq";

    private static final String NEW_USER =
            """
            INSERT INTO users (id, name, department)
            SELECT pgchorus.snowflake_nextval('users_id_seq'), ?, min(id) FROM departments\
            """;

    private static final String EMAILS = "SELECT name FROM users WHERE email = 'ann@example.org'";

    private static final String HELD =
            "SELECT count(DISTINCT xid) FROM pgchorus.held_change WHERE \"table\" = 'departments'";

    @Override
    public String name() {
        return "mesh";
    }

    @Override
    public String summary() {
        return "a third and a fourth node join while all write; unique values, balances, ids, skip";
    }

    @Override
    public List<Integer> ports() {
        return List.of(5461, 5462, 5463, 5464);
    }

    @Override
    public void play(Stage stage) throws InterruptedException {
        stage.step("Four servers; two of them are a group");
        List<Node> nodes =
                stage.start(
                        new Node.Wanted("n1", 5461, 18, "app"),
                        new Node.Wanted("n2", 5462, 18, "app"),
                        new Node.Wanted("n3", 5463, stage.majorOr(16), "app"),
                        new Node.Wanted("n4", 5464, 18, "app"));
        Node n1 = nodes.get(0);
        Node n2 = nodes.get(1);
        form(stage, nodes);
        ids(stage, n1, n2);
        grow(stage, nodes);
        unique(stage, n1, nodes.get(2), nodes);
        skip(stage, n1, n2);
        stage.step("All four, row by row");
        stage.pgchorus("wait");
        stage.pgchorus("verify");
        stage.pgchorus("status");
    }

    private static void form(Stage stage, List<Node> nodes) {
        Node n1 = nodes.getFirst();
        stage.say("Each has the tables already; where a pg_dump is, a join copies these too.");
        stage.sql(n1, DEPARTMENTS, USERS, IDS);
        nodes.subList(1, nodes.size())
                .forEach(node -> stage.quietly(node, String.join("; ", DEPARTMENTS, USERS, IDS)));
        stage.pgchorus("group", "create", n1.typed());
        stage.export("PGCHORUS_GROUP", n1.at());
        stage.serve(nodes.toArray(Node[]::new));
        join(stage, nodes.get(1), n1);
    }

    private static void join(Stage stage, Node node, Node via) {
        stage.pgchorus("node", "join", node.typed(), "--via", via.at(), "--schema", "existing");
    }

    private static void ids(Stage stage, Node n1, Node n2) throws InterruptedException {
        stage.step("Ids that do not collide, and balances that add up");
        stage.say("Departments keep their serial column: its numbers are spread over the nodes.");
        stage.pgchorus("sequence", "spread");
        stage.say(
                "What two nodes pay into one balance at the same time is added, not overwritten.");
        stage.pgchorus("table", "policy", "users", "delta", "--column", "balance=delta");
        stage.pgchorus("wait");
        stage.sql(
                n1,
                """
                INSERT INTO users (id, name)
                SELECT i, 'treasurer ' || i FROM generate_series(1, %d) i\
                """
                        .formatted(TREASURERS));
        stage.say("Users get snowflakes: numbers of time and node.");
        for (Node node : List.of(n1, n2)) {
            stage.sql(
                    node,
                    "INSERT INTO departments (name) VALUES ('department of %s') RETURNING id"
                            .formatted(node.name()),
                    """
                    INSERT INTO users (id, name)
                    VALUES (pgchorus.snowflake_nextval('users_id_seq'), 'user of %s')
                    RETURNING id, pgchorus.snowflake_parts(id)\
                    """
                            .formatted(node.name()));
        }
        stage.pgchorus("wait");
        stage.checkEquals(
                "two departments, two ids",
                "2",
                stage.quietly(n2, "SELECT count(*) FROM departments").value());
    }

    private static String write(Session session, Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> {
                session.update(
                        "INSERT INTO departments (name) VALUES (?)",
                        "department " + random.nextInt(1000));
                yield "departments";
            }
            case 1, 2, 3, 4 -> {
                session.update(
                        "UPDATE users SET balance = balance + 1 WHERE id = ?::bigint",
                        1 + random.nextInt(TREASURERS));
                yield "payments";
            }
            default -> {
                session.update(NEW_USER, "user " + random.nextInt(1000));
                yield "users";
            }
        };
    }

    private static void grow(Stage stage, List<Node> nodes) throws InterruptedException {
        Node n1 = nodes.getFirst();
        try (Traffic traffic = new Traffic(Mesh::write)) {
            stage.step("Clients write on both nodes from here on, and nobody stops them");
            nodes.subList(0, 2).forEach(node -> traffic.begin(node, CLIENTS_PER_NODE));
            for (Node node : nodes.subList(2, 4)) {
                stage.step("%s joins, while all others write".formatted(node.name()));
                List<Node> before = nodes.subList(0, nodes.indexOf(node));
                Map<String, Long> then = traffic.byNode(before);
                join(stage, node, n1);
                Map<String, Long> now = traffic.byNode(before);
                stage.say(
                        before.stream()
                                .map(it ->
                                        "%s took %d"
                                                .formatted(
                                                        it.name(),
                                                        now.get(it.name()) - then.get(it.name())))
                                .collect(
                                        Collectors.joining(", ", "Transactions meanwhile: ", ".")));
                stage.check(
                        "every node went on taking writes",
                        before.stream().allMatch(it -> now.get(it.name()) > then.get(it.name())));
                traffic.begin(node, CLIENTS_PER_NODE);
                stage.eventually(
                        "clients write on " + node.name() + " too",
                        LIMIT,
                        () -> traffic.acknowledged(node.name()) >= A_FEW);
            }
            traffic.stop();
            compare(stage, nodes, traffic);
        }
    }

    /** Nothing lost, nothing doubled, the same everywhere. */
    private static void compare(Stage stage, List<Node> nodes, Traffic traffic) {
        stage.step("Nothing lost, nothing doubled");
        traffic.failure()
                .ifPresent(
                        failure -> stage.checkEquals("no client failed", "", failure.getMessage()));
        stage.pgchorus("wait");
        stage.pgchorus("verify");
        String sums =
                """
                SELECT (SELECT count(*) FROM users) AS users, sum(balance) AS paid,
                       (SELECT count(*) FROM departments) AS departments FROM users\
                """;
        List<String> expected =
                List.of(
                        Long.toString(traffic.acknowledged("users") + TREASURERS + 2),
                        Long.toString(traffic.acknowledged("payments")),
                        Long.toString(traffic.acknowledged("departments") + 2));
        stage.sql(nodes.getLast(), sums);
        for (Node node : nodes) {
            stage.checkEquals(
                    node.name() + " has each acknowledged user, payment and department once",
                    List.of(expected),
                    stage.quietly(node, sums).rows());
        }
    }

    private static void unique(Stage stage, Node n1, Node n3, List<Node> nodes)
            throws InterruptedException {
        stage.step("The same e-mail address, given twice at the same time");
        stage.pgchorus("node", "pause", "n3");
        for (Node node : List.of(n1, n3)) {
            stage.sql(
                    node,
                    """
                    INSERT INTO users (id, name, email)
                    VALUES (pgchorus.snowflake_nextval('users_id_seq'),
                            'Ann of %s', 'ann@example.org')\
                    """
                            .formatted(node.name()));
        }
        stage.pgchorus("node", "resume", "n3");
        stage.pgchorus("wait");
        for (Node node : nodes) {
            stage.eventually(
                    "the later one stands on " + node.name(),
                    LIMIT,
                    () -> stage.quietly(node, EMAILS).rows().equals(List.of(List.of("Ann of n3"))));
        }
        stage.say("The other one is not lost; it comes back should the address become free.");
        Sheet displaced =
                stage.sql(
                        nodes.getLast(),
                        "SELECT \"table\", \"row\"->>'name' AS name, node FROM pgchorus.displaced");
        stage.checkEquals("Ann of n1 waits", List.of("Ann of n1"), displaced.column("name"));
        stage.sql(n3, "UPDATE users SET email = 'ann@example.com' WHERE name = 'Ann of n3'");
        stage.pgchorus("wait");
        for (Node node : nodes) {
            stage.eventually(
                    "the address is free, and Ann of n1 has it on " + node.name(),
                    LIMIT,
                    () -> stage.quietly(node, EMAILS).rows().equals(List.of(List.of("Ann of n1"))));
        }
    }

    private static void skip(Stage stage, Node n1, Node n2) throws InterruptedException {
        stage.step("Transactions that n2 cannot apply, stepped through one by one");
        stage.say("n2 gets a rule that the others do not have.");
        stage.sql(
                n2,
                "SET pgchorus.replicate_ddl = off",
                "ALTER TABLE departments ADD CONSTRAINT thrift CHECK (budget <= 1000)");
        stage.sql(n1, "INSERT INTO departments (name, budget) VALUES ('Navy', 5000)");
        stage.sql(n1, "INSERT INTO departments (name, budget) VALUES ('Parks', 2000)");
        stage.eventually(
                "n2 holds both, and everything else flows on",
                LIMIT,
                () -> stage.quietly(n2, HELD).value().equals("2"));
        stage.pgchorus("link", "show", "n1", "n2");
        stage.say("What would be skipped? Then only that is.");
        stage.pgchorus("link", "skip", "n1", "n2", "--dry-run");
        stage.pgchorus("link", "skip", "n1", "n2");
        stage.eventually(
                "one is still held", LIMIT, () -> stage.quietly(n2, HELD).value().equals("1"));
        stage.say("The rule goes, and what is still held is applied by itself.");
        stage.sql(
                n2,
                "SET pgchorus.replicate_ddl = off",
                "ALTER TABLE departments DROP CONSTRAINT thrift");
        String names = "SELECT name FROM departments WHERE budget > 0 ORDER BY name";
        stage.eventually(
                "n2 has Parks, and lacks Navy",
                LIMIT,
                () -> stage.quietly(n2, names).column("name").equals(List.of("Parks")));
        stage.say("What was skipped is a known difference until it is mended.");
        stage.pgchorusEnding(1, "status");
        stage.pgchorusEnding(1, "verify", "--table", "departments");
        stage.pgchorus("repair", "--table", "departments");
        stage.checkEquals(
                "n2 has Navy too", List.of("Navy", "Parks"), stage.sql(n2, names).column("name"));
    }
}
