package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.model.NodeName;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Whoever sends whatever to a router is got rid of, and harms nobody else. */
@Timeout(200)
class RouteHostileScenario {
    private static EmbeddedServer server;
    private static Routed routed;

    @BeforeAll
    static void start() {
        server = EmbeddedServer.start(18);
        routed =
                new Routed(
                        List.of(new NodeAddress(new NodeName("n1"), server.address("postgres"))),
                        Routed.limited(50, 50, Duration.ofSeconds(2)));
    }

    @AfterAll
    static void stop() {
        try (EmbeddedServer _ = server;
                Routed _ = routed) {
            server.isRunning();
        }
    }

    private static void assertServes() throws SQLException {
        try (Connection connection = routed.connect()) {
            assertThat(Routed.ask(connection, "SELECT 1")).isEqualTo("1");
        }
    }

    private static Socket open() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), routed.port());
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(60));
        return socket;
    }

    /** Whether the other side ends it, whatever it says before. */
    private static boolean isEnded(Socket socket) throws IOException {
        try {
            socket.getInputStream().readAllBytes();
            return true;
        } catch (SocketException reset) {
            return reset.getMessage().contains("reset");
        }
    }

    private static void send(Socket socket, byte[] bytes) throws IOException {
        try {
            socket.getOutputStream().write(bytes);
        } catch (SocketException endedAlready) {
            assertThat(endedAlready).hasMessageMatching("(?i).*(reset|broken pipe|abort).*");
        }
    }

    @Test
    void randomBytesAreAnsweredByTheEnd() throws IOException, SQLException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            byte[] bytes = new byte[1 + random.nextInt(5000)];
            random.nextBytes(bytes);
            bytes[0] = (byte) (1 + random.nextInt(0x15));
            try (Socket socket = open()) {
                send(socket, bytes);
                assertThat(isEnded(socket)).as("seed %d, client %d", seed, i).isTrue();
            }
        }
        assertServes();
        assertThat(routed.count("malformed")).isGreaterThanOrEqualTo(100);
    }

    @Test
    void damagedStartsHarmNobody() throws IOException, SQLException {
        byte[] startup = startup();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            byte[] damaged = startup.clone();
            damaged[8 + random.nextInt(damaged.length - 8)] = (byte) random.nextInt(256);
            try (Socket socket = open()) {
                send(socket, damaged);
                socket.shutdownOutput();
                assertThat(isEnded(socket)).as("seed %d, client %d", seed, i).isTrue();
            }
        }
        assertServes();
        TestGroup.await("all have left", () -> routed.statistics().sessions() == 0);
    }

    private static byte[] startup() {
        byte[] words = "user\0postgres\0database\0postgres\0\0".getBytes(UTF_8);
        return ByteBuffer.allocate(8 + words.length)
                .putInt(8 + words.length)
                .putInt(3 << 16)
                .put(words)
                .array();
    }

    @Test
    void impossibleLengthsAreEndedAtOnce() throws IOException, SQLException {
        for (int length : List.of(0, 4, 7, 10_005, 0x00ffffff)) {
            try (Socket socket = open()) {
                send(socket, ByteBuffer.allocate(4).putInt(length).array());
                assertThat(isEnded(socket)).as("length %d", length).isTrue();
            }
        }
        assertServes();
    }

    @Test
    void halfAPacketIsWaitedForOnlySoLong() throws IOException, SQLException {
        byte[] startup = startup();
        List<Socket> waiting = new ArrayList<>();
        for (int length = 0; length < startup.length; length += 5) {
            Socket socket = open();
            waiting.add(socket);
            byte[] part = new byte[length];
            System.arraycopy(startup, 0, part, 0, length);
            send(socket, part);
        }
        assertServes();
        for (Socket socket : waiting) {
            assertThat(isEnded(socket)).isTrue();
            socket.close();
        }
        assertThat(routed.count("late")).isPositive();
    }

    @Test
    void whoSendsAByteAtATimeIsEndedInTime() throws IOException, InterruptedException {
        byte[] startup = startup();
        try (Socket socket = open()) {
            long began = System.nanoTime();
            for (int i = 0; i < 4; i++) {
                send(socket, new byte[] {startup[i]});
                TimeUnit.MILLISECONDS.sleep(300);
            }
            assertThat(isEnded(socket)).isTrue();
            assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(30));
        }
    }

    @Test
    void bytesBeforeTheAnswerToTlsAreNotTakenForTheClients() throws IOException {
        try (Socket socket = open()) {
            byte[] startup = startup();
            send(
                    socket,
                    ByteBuffer.allocate(8 + startup.length)
                            .putInt(8)
                            .putInt(80_877_103)
                            .put(startup)
                            .array());
            assertThat(isEnded(socket)).isTrue();
        }
    }

    @Test
    void questionsForTlsWithoutEndEndInTime() throws IOException, SQLException {
        byte[] question = ByteBuffer.allocate(8).putInt(8).putInt(80_877_103).array();
        try (Socket socket = open()) {
            int answers = 0;
            try {
                for (int answer = 'N'; answer == 'N'; answer = socket.getInputStream().read()) {
                    socket.getOutputStream().write(question);
                    answers++;
                }
            } catch (SocketException ended) {
                assertThat(answers).isPositive();
            }
            assertThat(answers).isPositive();
        }
        assertServes();
    }

    @Test
    void aCancelOfNobodyIsForgotten() throws IOException, SQLException {
        try (Socket socket = open()) {
            send(
                    socket,
                    ByteBuffer.allocate(16).putInt(16).putInt(80_877_102).putLong(4711).array());
            assertThat(isEnded(socket)).isTrue();
        }
        assertThat(routed.count("cancels_unknown")).isPositive();
        assertServes();
    }

    @Test
    void manyThatSayNothingLeaveRoomForOthers() throws IOException, SQLException {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            silent.add(open());
        }
        assertServes();
        for (Socket socket : silent) {
            socket.close();
        }
        assertServes();
    }
}
