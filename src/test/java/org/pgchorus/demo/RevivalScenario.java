package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.model.NodeName;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A server of the demonstration that somebody kills comes back, but not before it was missed. */
@Timeout(60)
class RevivalScenario {
    private static final NodeName NAME = new NodeName("n1");

    @Test
    void whatWasKilledIsStartedAgainAfterAWhile() {
        List<String> said = new ArrayList<>();
        try (EmbeddedServer server = EmbeddedServer.start(18)) {
            Revival revival = new Revival(Map.of(NAME, server), said::add);
            long first = server.processId();
            revival.look(0);
            assertThat(said).isEmpty();
            server.kill();
            revival.look(1);
            revival.look(Revival.AWAY.toNanos());
            assertThat(server.isRunning()).isFalse();
            assertThat(said).containsExactly("n1 has ended. It is started again in 10 s.");
            revival.look(Revival.AWAY.toNanos() + 1);
            assertThat(server.isRunning()).isTrue();
            assertThat(server.processId()).isNotEqualTo(first);
            assertThat(said).last().isEqualTo("n1 is started again.");
            server.kill();
            revival.end();
            assertThat(server.isRunning()).isTrue();
        }
    }
}
