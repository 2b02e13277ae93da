package org.pgchorus.example;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Sheet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The quick start that pgactive's manual tells, from the prerequisites to the last DROP: two
 * instances, a table of products, lag, a conflict, clean-up.
 */
final class QuickStart implements Example {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final String SCHEMA = "CREATE SCHEMA inventory";

    private static final String PRODUCTS =
            """
            CREATE TABLE inventory.products (
                id uuid PRIMARY KEY, product_name text NOT NULL,
                created_at timestamptz NOT NULL DEFAULT clock_timestamp())\
            """;

    private static final String COUNT = "SELECT count(*) FROM inventory.products";

    private static final String NAMES =
            "SELECT product_name FROM inventory.products ORDER BY created_at";

    /** The three things that an alarm is for, as one row for each peer. */
    private static final String ALERTS =
            """
            SELECT node_name, NOT active AS inactive,
                   pending_wal_decoding > 50000 AS decoding_backlog,
                   pending_wal_to_apply > 50000 AS apply_backlog
            FROM pgchorus.replication_lag()\
            """;

    @Override
    public String name() {
        return "quick-start";
    }

    @Override
    public String summary() {
        return "two nodes from nothing: join, lag and its alarms, a conflict, and back to nothing";
    }

    @Override
    public List<Integer> ports() {
        return List.of(5451, 5452);
    }

    @Override
    public void play(Stage stage) throws InterruptedException {
        stage.step("Two instances with a database app, and three products on one of them");
        List<Node> open =
                stage.start(
                        new Node.Wanted("n1", 5451, stage.majorOr(15), "app"),
                        new Node.Wanted("n2", 5452, 18, "app"));
        products(stage, open.getFirst());
        List<Node> nodes = lock(stage, open);
        Node n1 = nodes.getFirst();
        Node n2 = nodes.getLast();
        prerequisites(stage, n1, n2);
        form(stage, n1, n2);
        write(stage, n1, n2);
        lag(stage, n1, n2);
        conflict(stage, n1, n2);
        stage.standIfKept();
        cleanUp(stage, n1, n2);
    }

    private static void products(Stage stage, Node n1) {
        stage.sql(
                n1,
                SCHEMA,
                PRODUCTS,
                """
                INSERT INTO inventory.products (id, product_name)
                VALUES (gen_random_uuid(), 'soap'), (gen_random_uuid(), 'shampoo'),
                       (gen_random_uuid(), 'conditioner')\
                """);
    }

    /** From here on the servers want a password, which only a file of its own has. */
    private static List<Node> lock(Stage stage, List<Node> open) throws InterruptedException {
        stage.step("Credentials, kept apart from the connection information");
        String password = UUID.randomUUID().toString();
        Path passfile = stage.file("pgpass");
        try {
            Files.createFile(
                    passfile,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(passfile, "127.0.0.1:*:*:postgres:" + password + "\n");
            for (Node node : open) {
                stage.quietly(node, "ALTER ROLE postgres PASSWORD '" + password + "'");
                Files.writeString(
                        node.server().dataDirectory().resolve("pg_hba.conf"),
                        "host all all 127.0.0.1/32 scram-sha-256\n");
                stage.quietly(node, "SELECT pg_reload_conf()");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        stage.say(
                """
                Both servers want SCRAM now. The password stands in a file that libpq reads too;
                the address names the file and never the password.
                """);
        stage.show("$ stat -c '%a %n' pgpass\n600 pgpass");
        for (Node node : open) {
            stage.eventually(
                    node.name() + " lets nobody in without the password",
                    LIMIT,
                    () -> refuses(stage, node));
        }
        return open.stream().map(node -> node.by(with(node, passfile))).toList();
    }

    private static Address with(Node node, Path passfile) {
        return node.address().address().with(AddressParameter.PASSFILE, passfile.toString());
    }

    private static boolean refuses(Stage stage, Node node) {
        try {
            stage.quietly(node, "SELECT 1");
            return false;
        } catch (PgError e) {
            return e.getMessage().contains("password");
        }
    }

    private static void prerequisites(Stage stage, Node n1, Node n2) {
        stage.step("Prerequisites");
        stage.pgchorus("check", n1.at(), n2.at());
    }

    private static void form(Stage stage, Node n1, Node n2) throws InterruptedException {
        stage.step("The first node makes the group");
        stage.pgchorus("group", "create", n1.typed());
        stage.serve(n1, n2);
        Sheet ready = stage.sql(n1, "SELECT pgchorus.wait_for_node_ready('1 minute')");
        stage.checkEquals("n1 is ready", "t", ready.value());

        stage.step("The second node joins, and copies the database");
        stage.say("n2 has the empty table already; where a pg_dump is, the join copies it too.");
        stage.quietly(n2, SCHEMA + "; " + PRODUCTS);
        stage.pgchorus("node", "join", n2.typed(), "--via", n1.at(), "--schema", "existing");
        stage.checkEquals(
                "n2 is ready",
                "t",
                stage.sql(n2, "SELECT pgchorus.wait_for_node_ready('1 minute')").value());
        stage.checkEquals("n2 has the three products", "3", stage.sql(n2, COUNT).value());
        stage.checkEquals(
                "no table of pgchorus holds a password",
                "0",
                stage.quietly(n2, "SELECT count(*) FROM pgchorus.member WHERE address ~ 'password'")
                        .value());
        stage.export("PGCHORUS_GROUP", n1.at());
        stage.pgchorus("node", "list");
    }

    private static void write(Stage stage, Node n1, Node n2) throws InterruptedException {
        stage.step("Written there, read here");
        insert(stage, n2, "toothbrush");
        stage.eventually("n1 has four", LIMIT, () -> stage.quietly(n1, COUNT).value().equals("4"));
        insert(stage, n1, "comb");
        stage.pgchorus("wait");
        stage.checkEquals("n2 has five", "5", stage.sql(n2, COUNT).value());
    }

    private static void insert(Stage stage, Node node, String product) {
        stage.sql(
                node,
                "INSERT INTO inventory.products (id, product_name)"
                        + "\nVALUES (gen_random_uuid(), '%s')".formatted(product));
    }

    private static void lag(Stage stage, Node n1, Node n2) throws InterruptedException {
        stage.step("How far behind is who? From any node, and in SQL");
        stage.pgchorus("lag");
        stage.sqlExpanded(n1, "SELECT * FROM pgchorus.replication_lag()");

        stage.step("Three alarms: inactive, decoding backlog, apply backlog");
        checkAlerts(stage, "no alarm", n1, "f", "f", "f");
        stage.say("Now n2 takes nothing for a while, and n1 goes on writing.");
        stage.pgchorus("link", "pause", "n1", "n2");
        stage.sql(
                n1,
                """
                INSERT INTO inventory.products
                SELECT gen_random_uuid(), 'soap no. ' || i FROM generate_series(1, 1000) i\
                """);
        checkAlerts(stage, "the link is inactive, and the backlog has grown", n1, "t", "t", "f");
        stage.pgchorus("link", "resume", "n1", "n2");
        stage.pgchorus("wait");
        stage.eventually(
                "no alarm any more",
                LIMIT,
                () -> stage.quietly(n1, ALERTS).rows().equals(alerts("f", "f", "f")));
        stage.checkEquals(
                "n2 has all of it", stage.quietly(n1, COUNT).value(), stage.sql(n2, COUNT).value());
    }

    private static void checkAlerts(Stage stage, String what, Node n1, String... expected) {
        stage.checkEquals(what, alerts(expected), stage.sql(n1, ALERTS).rows());
    }

    private static List<List<String>> alerts(String... values) {
        return List.of(List.of("n2", values[0], values[1], values[2]));
    }

    private static void conflict(Stage stage, Node n1, Node n2) throws InterruptedException {
        stage.step("A conflict: the same product is renamed on both sides");
        stage.say("So that neither sees the other's write, delivery stops for a moment.");
        stage.pgchorus("node", "pause", "n2");
        rename(stage, n1, "soap", "hand soap");
        rename(stage, n2, "soap", "liquid soap");
        stage.pgchorus("node", "resume", "n2");
        stage.pgchorus("wait");
        for (Node node : List.of(n1, n2)) {
            stage.checkEquals(
                    "the later name stands on " + node.name(),
                    "liquid soap",
                    stage.sql(node, NAMES + " LIMIT 1").value());
        }

        stage.step("The history: type, resolution, both rows, both times, both nodes");
        stage.pgchorus("conflict", "list", "--node", "n1");
        stage.pgchorus("conflict", "list", "--node", "n2");
        Sheet history =
                stage.sqlExpanded(
                        n1,
                        """
                        SELECT conflict_type, conflict_resolution, local_tuple, local_commit_time,
                               local_node, remote_tuple, remote_commit_time, remote_node
                        FROM pgchorus.conflict_history\
                        """);
        stage.checkEquals(
                "n1 saw that its row had been updated elsewhere",
                List.of("update_origin_differs"),
                history.column("conflict_type"));
        stage.check(
                "what was overwritten is there",
                history.column("local_tuple").getFirst().contains("hand soap"));

        stage.step("The administrator corrects the value by hand");
        rename(stage, n1, "liquid soap", "soap, liquid, for hands");
        stage.pgchorus("wait");
        stage.checkEquals(
                "n2 has it", "soap, liquid, for hands", stage.sql(n2, NAMES + " LIMIT 1").value());
        stage.pgchorus("verify");
        stage.pgchorus("status");
    }

    private static void rename(Stage stage, Node node, String from, String to) {
        Sheet done =
                stage.sql(
                        node,
                        """
                        UPDATE inventory.products SET product_name = '%s'
                        WHERE product_name = '%s'\
                        """
                                .formatted(to, from));
        stage.checkEquals(node.name() + " has the row", 1L, done.changed());
    }

    private static void cleanUp(Stage stage, Node n1, Node n2) {
        stage.step("Clean-up: detach, remove, drop");
        stage.pgchorus("node", "detach", "n2");
        stage.pgchorus("node", "remove", n2.at());
        stage.pgchorus("node", "remove", n1.at());
        for (Node node : List.of(n1, n2)) {
            stage.checkEquals(
                    node.name() + " has no slot, publication, origin or schema of pgchorus",
                    "0",
                    stage.quietly(
                                    node,
                                    """
                                    SELECT (SELECT count(*) FROM pg_replication_slots)
                                           + (SELECT count(*) FROM pg_publication)
                                           + (SELECT count(*) FROM pg_replication_origin)
                                           + (SELECT count(*) FROM pg_namespace
                                              WHERE nspname = 'pgchorus')\
                                    """)
                            .value());
            stage.check(
                    node.name() + " still has its products",
                    stage.quietly(node, COUNT).value().equals("1005"));
            Node besides =
                    node.by(node.address().address().with(AddressParameter.DBNAME, "postgres"));
            stage.sql(besides, "DROP DATABASE app WITH (FORCE)");
        }
    }
}
