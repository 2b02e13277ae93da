package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.Relay;
import org.pgchorus.demo.ServerOptions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Two sites, a daemon at each, and a network between them that loses everything and says nothing:
 * for a while, or, to those who are connected, for ever. What was confirmed to a client is there
 * once.
 */
class SilentNetworkScenario {
    private static final int SILENCES = 3;

    private static final int LINES = 200;

    private static final String LOG = "SELECT line FROM log ORDER BY line";

    private static final List<EmbeddedServer> SERVERS = new ArrayList<>();
    private static final List<Relay> RELAYS = new ArrayList<>();
    private static final List<Daemon> DAEMONS = new ArrayList<>();

    /** As each site knows itself. */
    private static final List<NodeAddress> NEAR = new ArrayList<>();

    /** As the other site knows it. */
    private static final List<NodeAddress> FAR = new ArrayList<>();

    @BeforeAll
    static void start() throws InterruptedException {
        for (int major : new int[] {18, 14}) {
            ServerOptions options = ServerOptions.of(major).setting("wal_sender_timeout", "5s");
            EmbeddedServer server = EmbeddedServer.start(options);
            SERVERS.add(server);
            server.createDatabase("app");
            Premises.run(server.address("app"), "CREATE TABLE log (line text NOT NULL)");
            Relay relay = Relay.start(server.address("app"), Duration.ZERO);
            RELAYS.add(relay);
            String name = TestGroup.name(NEAR.size()).text();
            NEAR.add(Premises.node(name, server.address("app")));
            FAR.add(Premises.node(name, relay.address(server.address("app"))));
        }
        Orders.createGroup(FAR.getFirst(), List.of());
        DAEMONS.add(Daemon.start(List.of(NEAR.getFirst())));
        // A newcomer that nobody serves yet joins all the same.
        Premises.join(FAR.getLast(), FAR.getFirst().address());
        DAEMONS.add(Daemon.start(List.of(NEAR.getLast())));
        assertThat(Orders.awaitReady(near(0), NEAR.getLast().name(), 60_000, hint -> {})).isTrue();
    }

    @AfterAll
    static void stop() {
        DAEMONS.forEach(Daemon::close);
        RELAYS.forEach(Relay::close);
        SERVERS.forEach(EmbeddedServer::close);
    }

    private static Address near(int site) {
        return NEAR.get(site).address();
    }

    /** Lines of both sites, each in a transaction of its own. */
    private static void write(String what) {
        for (int site = 0; site < SERVERS.size(); site++) {
            Premises.run(
                    near(site),
                    """
                    DO $$ BEGIN
                        FOR i IN 1..%d LOOP
                            INSERT INTO log VALUES ('%s, ' || i || ' at %d');
                            COMMIT;
                        END LOOP;
                    END $$\
                    """
                            .formatted(LINES, what, site));
        }
    }

    private static void assertSettled() throws InterruptedException {
        assertThat(
                        Waiting.untilApplied(
                                near(0), TestGroup.LIMIT, Optional.empty(), Optional.empty()))
                .as("links that lack something; status: %s", Survey.of(near(0)).problems())
                .isEmpty();
        List<String> lines = Premises.column(near(0), LOG);
        assertThat(lines).doesNotHaveDuplicates();
        assertThat(Premises.column(near(1), LOG)).isEqualTo(lines);
    }

    private static long count(int site, String what) {
        String question = "SELECT count(*) FROM log WHERE line LIKE '%s,%%'".formatted(what);
        return Long.parseLong(Premises.column(near(site), question).getFirst());
    }

    @Test
    void whatIsUnderWayInASilenceArrivesOnce() throws InterruptedException {
        for (int silence = 0; silence < SILENCES; silence++) {
            String what = "silence " + silence;
            RELAYS.forEach(Relay::cut);
            write(what);
            RELAYS.forEach(Relay::heal);
            TestGroup.await("some of it has come", () -> count(1, what) > LINES);
        }
        assertSettled();
        assertThat(Premises.column(near(0), LOG)).hasSizeGreaterThanOrEqualTo(2 * LINES * SILENCES);
    }

    /** Only new connections get through. */
    @Test
    void connectionsThatAreForgottenAreGivenUpAndMadeAnew() throws InterruptedException {
        write("before");
        assertSettled();
        RELAYS.forEach(Relay::forget);
        write("after");
        assertSettled();
        assertThat(count(0, "after")).isEqualTo(2 * LINES);
    }
}
