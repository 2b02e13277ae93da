package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The load, and the bundle for support, typed against two real nodes. */
class LoadScenario {
    private static final String SECRET = "s3cr3t-of-the-role";

    private static final List<EmbeddedServer> SERVERS = new ArrayList<>();
    private static Daemon daemon;
    private static Address any;

    @BeforeAll
    static void start() throws InterruptedException {
        List<NodeAddress> nodes = new ArrayList<>();
        for (int major : new int[] {18, 14}) {
            EmbeddedServer server = EmbeddedServer.start(major);
            SERVERS.add(server);
            server.createDatabase("app");
            nodes.add(new NodeAddress(new NodeName("n" + SERVERS.size()), server.address("app")));
        }
        any = nodes.getFirst().address();
        Orders.createGroup(nodes.getFirst(), List.of());
        daemon = Daemon.start(nodes);
        Orders.join(
                new JoinRequest(nodes.get(1), any, JoinRequest.Schema.EXISTING, true, 1),
                JoinProgress.SILENT);
        assertThat(Orders.awaitReady(any, nodes.get(1).name(), 60_000, hint -> {})).isTrue();
    }

    @AfterAll
    static void stop() {
        if (daemon != null) {
            daemon.close();
        }
        SERVERS.forEach(EmbeddedServer::close);
    }

    private static void run(String... statements) throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(any.jdbcUrl(), any.jdbcProperties());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    @Test
    void itWritesOnAllNodesAndSaysThatTheyAreEqual() throws IOException {
        String group = any.text();
        Typed typed =
                Typed.of(
                        "load",
                        "--group",
                        group,
                        "--count",
                        "600",
                        "--rate",
                        "400",
                        "--conflicts",
                        "30");
        assertThat(typed.status()).as(typed.out() + typed.err()).isEqualTo(Exit.WELL);
        assertThat(typed.out())
                .contains("time", "n1", "n2", "600 transactions written: n1 ", "equal")
                .contains("pgchorus_load.entry", "pgchorus_load.contested");
        assertThat(typed.out().lines().takeWhile(line -> !line.startsWith("waiting")))
                .hasSizeGreaterThan(2)
                .allMatch(line -> line.length() <= 80);
        Typed again =
                Typed.of("load", "--group", group, "--count", "20", "--nodes", "n2", "--json");
        assertThat(again.status()).as(again.out() + again.err()).isEqualTo(Exit.WELL);
        JsonNode answer = new ObjectMapper().readTree(again.out());
        assertThat(answer.at("/equal").asBoolean()).isTrue();
        assertThat(answer.at("/committed/n2").asInt()).isEqualTo(20);
        assertThat(answer.at("/committed").has("n1")).isFalse();
    }

    @Test
    void whatDiffersIsFound() throws SQLException {
        String group = any.text();
        assertThat(Typed.of("load", "--group", group, "--count", "5").status())
                .isEqualTo(Exit.WELL);
        // What has another origin does not travel.
        run(
                "SELECT pg_replication_origin_create('elsewhere')",
                "SELECT pg_replication_origin_session_setup('elsewhere')",
                "INSERT INTO pgchorus_load.entry VALUES ('00000000-0000-0000-0000-000000000001',"
                        + " 'n1', now(), 'planted')");
        try {
            Typed typed = Typed.of("load", "--group", group, "--count", "5");
            assertThat(typed.status()).as(typed.out()).isEqualTo(Exit.DIFFERS);
            assertThat(typed.out()).contains("differs");
        } finally {
            run("DELETE FROM pgchorus_load.entry WHERE what = 'planted'");
        }
    }

    @Test
    void nonsenseIsRefused() {
        String group = any.text();
        for (List<String> wrong :
                List.of(
                        List.of("--rate", "0"),
                        List.of("--clients", "0"),
                        List.of("--count", "0"),
                        List.of("--conflicts", "101"),
                        List.of("--nodes", "n9"))) {
            List<String> words = new ArrayList<>(List.of("load", "--group", group));
            words.addAll(wrong);
            assertThat(Typed.of(words.toArray(String[]::new)).status())
                    .as(wrong.toString())
                    .isEqualTo(Exit.WRONG_USE);
        }
    }

    @Test
    void theBundleHasWhatHelpsAndNoPassword(@TempDir Path directory)
            throws IOException, SQLException {
        run("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '" + SECRET + "'");
        run("ALTER SYSTEM SET primary_conninfo = 'host=h password=" + SECRET + "'");
        run("SELECT pg_reload_conf()");
        run("CREATE TABLE private (id int PRIMARY KEY, v text)");
        Path log = directory.resolve("daemon.log");
        Files.writeString(log, "link to postgresql://keeper:%s@h/app is down%n".formatted(SECRET));
        Path bundle = directory.resolve("bundle.zip");
        Typed typed =
                Typed.of(
                        "support",
                        "--group",
                        any.text().replace("postgres@", "keeper:" + SECRET + "@"),
                        "--file",
                        bundle.toString(),
                        "--log",
                        log.toString());
        assertThat(typed.status()).as(typed.err()).isEqualTo(Exit.WELL);
        Set<String> names = new TreeSet<>();
        StringBuilder all = new StringBuilder(typed.out() + typed.err());
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(bundle))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                names.add(entry.getName().replace("pgchorus-support/", ""));
                all.append(new String(zip.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        assertThat(names)
                .contains("program.txt", "status.txt", "status.json", "lag.txt", "log.txt")
                .contains("nodes/n1/settings.jsonl", "nodes/n2/slots.jsonl")
                .contains("nodes/n1/conflicts.jsonl", "nodes/n2/link_status.jsonl")
                .noneMatch(name -> name.contains("failed") || name.contains("unreachable"));
        assertThat(all.toString())
                .contains("wal_level", "PostgreSQL 14", "java.vendor", "link to postgresql://")
                .contains("ddl_key")
                .doesNotContain(SECRET)
                .doesNotContain(groupKey());
    }

    /** Who has it can say that the group said something. */
    private static String groupKey() throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(any.jdbcUrl(), any.jdbcProperties());
                Statement statement = connection.createStatement();
                ResultSet key =
                        statement.executeQuery(
                                "SELECT value FROM pgchorus.setting WHERE name = 'ddl_key'")) {
            assertThat(key.next()).isTrue();
            return key.getString(1);
        }
    }

    @Test
    void aGroupThatIsDownHasABundleToo(@TempDir Path directory) {
        Path bundle = directory.resolve("bundle.zip");
        Typed typed =
                Typed.of(
                        "support",
                        "--group",
                        "postgresql://postgres@127.0.0.1:1/app",
                        "--file",
                        bundle.toString());
        assertThat(typed.status()).isEqualTo(Exit.COULD_NOT_TELL);
        assertThat(bundle).isNotEmptyFile();
    }
}
