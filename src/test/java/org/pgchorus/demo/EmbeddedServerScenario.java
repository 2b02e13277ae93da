package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** A throw-away server lives, is hurt, comes back, and leaves nothing behind. */
class EmbeddedServerScenario {
    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void livesIsHurtComesBackAndLeavesNothing(int major) throws SQLException {
        List<Long> processes;
        Path home;
        try (var server = EmbeddedServer.start(major)) {
            home = server.dataDirectory().getParent();
            assertThat(ask(server, "SHOW server_version_num")).startsWith(Integer.toString(major));
            assertThat(ask(server, "SHOW wal_level")).isEqualTo("logical");
            assertThat(ask(server, "SHOW server_encoding")).isEqualTo("UTF8");
            server.createDatabase("odd \"name\"");
            assertThat(ask(server, "odd \"name\"", "SELECT current_database()"))
                    .isEqualTo("odd \"name\"");

            ask(server, "CREATE TABLE t(a int); INSERT INTO t VALUES (1); SELECT 1");
            processes = processesIn(server.dataDirectory());
            assertThat(processes).hasSizeGreaterThan(4);
            server.kill();
            assertThat(server.isRunning()).isFalse();
            assertThat(processes).allMatch(Proc::dead);
            assertThatThrownBy(() -> ask(server, "SELECT 1")).isInstanceOf(SQLException.class);

            server.restart();
            assertThat(ask(server, "SELECT sum(a) FROM t")).isEqualTo("1");
            assertThat(server.log()).contains("automatic recovery in progress");

            server.stop();
            assertThat(server.isRunning()).isFalse();
            server.restartWith(Map.of("work_mem", "7MB"), Map.of("A_CLOCK", "it's +5 s"));
            assertThat(ask(server, "SHOW work_mem")).isEqualTo("7MB");
            assertThat(
                            ask(
                                    server,
                                    "CREATE TABLE e(v text); COPY e FROM PROGRAM 'echo $A_CLOCK';"
                                            + " SELECT v FROM e"))
                    .isEqualTo("it's +5 s");
            server.stopImmediate();
            server.restart();
            processes = processesIn(server.dataDirectory());
        }
        assertThat(processes).allMatch(Proc::dead);
        assertThat(home).doesNotExist();
    }

    @Test
    void twoServersAreTwoSystems() throws SQLException {
        try (var one = EmbeddedServer.start(18);
                var two = EmbeddedServer.start(18)) {
            String identifier = "SELECT system_identifier FROM pg_control_system()";
            assertThat(ask(one, identifier)).isNotEqualTo(ask(two, identifier));
            assertThat(one.port()).isNotEqualTo(two.port());
        }
    }

    @Test
    void suspendedServerIsSilentAndGoesOn() throws SQLException {
        try (var server = EmbeddedServer.start(18);
                var connection = connect(server, "postgres", 1)) {
            server.suspend();
            assertThatThrownBy(() -> connection.createStatement().execute("SELECT 1"))
                    .isInstanceOf(SQLException.class)
                    .hasRootCauseInstanceOf(SocketTimeoutException.class);
            server.resume();
            assertThat(ask(server, "SELECT 1")).isEqualTo("1");
            server.suspend();
            server.stop();
            assertThat(server.isRunning()).isFalse();
        }
    }

    @Test
    void killedServerLeavesNothingInSharedMemory() throws IOException {
        Path segments = Path.of("/proc/sysvipc/shm");
        int segment;
        try (var server = EmbeddedServer.start(18)) {
            List<String> lock =
                    Files.readAllLines(server.dataDirectory().resolve("postmaster.pid"));
            segment = Integer.parseInt(lock.get(6).strip().split(" +")[1]);
            if (Files.exists(segments)) {
                assertThat(segmentIds(segments)).contains(segment);
            }
            server.kill();
        }
        if (Files.exists(segments)) {
            assertThat(segmentIds(segments)).doesNotContain(segment);
        }
    }

    private static List<Integer> segmentIds(Path table) throws IOException {
        return Files.readAllLines(table).stream()
                .skip(1)
                .map(line -> Integer.valueOf(line.strip().split(" +")[1]))
                .toList();
    }

    @Test
    void keptServerComesBackWithItsData(@TempDir Path directory) throws SQLException {
        ServerOptions options = ServerOptions.of(18).keepIn(directory.resolve("kept"));
        String identifier;
        try (var server = EmbeddedServer.start(options)) {
            identifier = ask(server, "SELECT system_identifier FROM pg_control_system()");
        }
        try (var server = EmbeddedServer.start(options)) {
            assertThat(ask(server, "SELECT system_identifier FROM pg_control_system()"))
                    .isEqualTo(identifier);
            assertThat(server.log()).doesNotContain("automatic recovery in progress");
        }
        assertThat(directory.resolve("kept/data/PG_VERSION")).exists();
    }

    @Test
    void takenPortIsSaidAndNothingIsLeft() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            ServerOptions options = ServerOptions.of(18).port(taken.getLocalPort());
            assertThatThrownBy(() -> EmbeddedServer.start(options))
                    .isInstanceOf(ServerFailed.class)
                    .hasMessageContaining("port " + taken.getLocalPort() + " is taken");
        }
    }

    @Test
    void wrongSettingIsShownFromTheLog() {
        ServerOptions options = ServerOptions.of(18).setting("wal_levle", "logical");
        assertThatThrownBy(() -> EmbeddedServer.start(options))
                .isInstanceOf(ServerFailed.class)
                .hasMessageContaining("unrecognized configuration parameter \"wal_levle\"");
    }

    /** The way for root where user namespaces are forbidden. */
    @Test
    void rootMayRunItAsNobody() throws SQLException {
        assumeTrue(RunAs.choose() != RunAs.SELF);
        Path home;
        try (var server = EmbeddedServer.start(ServerOptions.of(18), RunAs.NOBODY)) {
            home = server.dataDirectory().getParent();
            server.kill();
            server.restart();
            assertThat(ask(server, "SELECT 1")).isEqualTo("1");
        }
        assertThat(home).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"running", "suspended", "killed"})
    void jvmKilledHardLeavesNothing(String state) throws Exception {
        var builder =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ChildJvm.class.getName(),
                        state);
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process child = builder.start();
        Path data;
        try (var out = child.inputReader()) {
            data = Path.of(out.readLine());
            List<Long> processes = processesIn(data);
            assertThat(processes.isEmpty()).isEqualTo(state.equals("killed"));
            child.destroyForcibly().waitFor();
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            !Files.exists(data.getParent())
                                    && processes.stream().allMatch(Proc::dead));
        }
    }

    /** Starts a server, says where, and waits to be killed. */
    static final class ChildJvm {
        private ChildJvm() {}

        public static void main(String[] arguments) throws InterruptedException {
            var server = EmbeddedServer.start(18);
            switch (arguments[0]) {
                case "suspended" -> server.suspend();
                case "killed" -> server.kill();
                default -> {}
            }
            System.out.println(server.dataDirectory());
            Thread.sleep(Duration.ofMinutes(5));
        }
    }

    /** The living processes that have the data directory as their working directory. */
    private static List<Long> processesIn(Path data) {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> !Proc.dead(pid) && worksIn(pid, data))
                .toList();
    }

    private static boolean worksIn(long pid, Path data) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd")).equals(data);
        } catch (IOException notOurs) {
            return false;
        }
    }

    private static Connection connect(EmbeddedServer server, String database, int timeoutSeconds)
            throws SQLException {
        Properties properties = server.address(database).jdbcProperties();
        properties.setProperty("socketTimeout", Integer.toString(timeoutSeconds));
        return DriverManager.getConnection(server.address(database).jdbcUrl(), properties);
    }

    private static String ask(EmbeddedServer server, String sql) throws SQLException {
        return ask(server, "postgres", sql);
    }

    private static String ask(EmbeddedServer server, String database, String sql)
            throws SQLException {
        try (var connection = connect(server, database, 30);
                var statement = connection.createStatement()) {
            boolean rows = statement.execute(sql);
            while (!rows) {
                rows = statement.getMoreResults();
            }
            try (var result = statement.getResultSet()) {
                result.next();
                return result.getString(1);
            }
        }
    }
}
