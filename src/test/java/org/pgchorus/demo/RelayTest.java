package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;

/** Through a relay everything arrives, whole and in order, and not before its time. */
class RelayTest {
    private static final Duration LATENCY = Duration.ofMillis(20);

    @Test
    void allArrivesWholeAndNotBeforeItsTime() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Relay relay = Relay.start(address(server.getLocalPort()), LATENCY);
                Socket client = connect(relay);
                Socket there = server.accept()) {
            byte[] sent = new byte[300_000];
            new Random(1).nextBytes(sent);
            long began = System.nanoTime();
            Thread.ofVirtual().start(() -> write(client, sent));
            assertThat(there.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
            there.getOutputStream().write(7);
            assertThat(client.getInputStream().read()).isEqualTo(7);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(LATENCY.toNanos());
        }
    }

    @Test
    void anEndIsPassedOn() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Relay relay = Relay.start(address(server.getLocalPort()), LATENCY);
                Socket client = connect(relay)) {
            server.accept().close();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void whatIsCutOffArrivesWhenItIsHealed() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Relay relay = Relay.start(address(server.getLocalPort()), Duration.ZERO);
                Socket client = connect(relay);
                Socket there = server.accept()) {
            relay.cut();
            write(client, new byte[] {7});
            there.setSoTimeout(200);
            assertThatThrownBy(() -> there.getInputStream().read())
                    .isInstanceOf(SocketTimeoutException.class);
            relay.heal();
            there.setSoTimeout(0);
            assertThat(there.getInputStream().read()).isEqualTo(7);
        }
    }

    @Test
    void whatIsForgottenHearsNothingAndWhoComesAnewIsLetThrough() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
                Relay relay = Relay.start(address(server.getLocalPort()), Duration.ZERO);
                Socket client = connect(relay);
                Socket there = server.accept()) {
            // Only what has passed through is known to be known: the relay learns of a connection
            // after the server has accepted it.
            write(client, new byte[] {6});
            assertThat(there.getInputStream().read()).isEqualTo(6);
            relay.forget();
            write(client, new byte[] {7});
            client.shutdownOutput();
            there.setSoTimeout(200);
            assertThatThrownBy(() -> there.getInputStream().read())
                    .isInstanceOf(SocketTimeoutException.class);
            try (Socket anew = connect(relay);
                    Socket thereAnew = server.accept()) {
                write(anew, new byte[] {8});
                assertThat(thereAnew.getInputStream().read()).isEqualTo(8);
            }
        }
    }

    private static Address address(int port) {
        return Address.parse("postgresql://postgres@127.0.0.1:%d/postgres".formatted(port));
    }

    private static Socket connect(Relay relay) throws IOException {
        Address address = relay.address(address(1));
        return new Socket(address.host(), address.port());
    }

    private static void write(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
