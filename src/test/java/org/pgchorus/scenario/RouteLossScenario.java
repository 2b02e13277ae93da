package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.http.Binding;
import org.pgchorus.http.GroupJudge;
import org.pgchorus.http.Haproxy;
import org.pgchorus.http.Server;
import org.pgchorus.route.HealthJudge;
import org.pgchorus.route.Mode;
import org.pgchorus.route.NodeState;
import org.pgchorus.route.Statistics;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Clients of a balancer write while nodes are killed and come back: nothing they know is lost. */
@Timeout(300)
class RouteLossScenario {
    private static final List<String> NAMES = List.of("a", "b", "c");

    private static TestGroup group;
    private static Server server;

    @BeforeAll
    static void start() {
        group = TestGroup.of("CREATE TABLE t (id bigint PRIMARY KEY, v text)", 18, 18, 18);
        server = Server.start(Binding.parse("127.0.0.1:0", Optional.empty()), group.nodes());
    }

    @AfterAll
    static void stop() {
        try (TestGroup _ = group) {
            if (server != null) {
                server.close();
            }
        }
    }

    private static String daemon() {
        return "127.0.0.1:" + server.uri().getPort();
    }

    @Test
    void eachNodeInTurnIsKilledAndComesBack() {
        Map<String, String> daemons =
                NAMES.stream().collect(Collectors.toMap(n -> n, n -> daemon()));
        try (HealthJudge judge = new HealthJudge(daemons, Optional.empty());
                Routed routed = new Routed(group.nodes(), Routed.USUAL, judge);
                RouteLoad load = new RouteLoad(routed.port())) {
            for (int node = 0; node < group.size(); node++) {
                load.awaitMore(100);
                String killed = NAMES.get(node);
                Map<String, Long> before = cut(routed);
                group.server(node).kill();
                load.awaitMore(100);
                routed.awaitState(NodeState.DOWN, List.of(killed));
                Map<String, Long> after = cut(routed);
                before.remove(killed);
                after.remove(killed);
                assertThat(after).as("cut elsewhere").isEqualTo(before);
                group.server(node).restart();
                routed.awaitState(NodeState.OPEN, NAMES);
            }
            load.end();
            assertNothingIsLost(load);
        }
    }

    private static Map<String, Long> cut(Routed routed) {
        return routed.statistics().nodes().stream()
                .collect(Collectors.toMap(Statistics.Node::name, Statistics.Node::cut));
    }

    private static void assertNothingIsLost(RouteLoad load) {
        group.settle();
        for (int node = 0; node < group.size(); node++) {
            Set<Long> there =
                    group.rows(node, "SELECT id FROM t").stream()
                            .map(Long::valueOf)
                            .collect(Collectors.toSet());
            Set<Long> lost = new TreeSet<>(load.acknowledged());
            lost.removeAll(there);
            assertThat(lost).as("acknowledged and not at node %s", NAMES.get(node)).isEmpty();
        }
        assertThat(load.ends()).as("somebody's session ended").isPositive();
    }

    @Test
    void withoutDaemonsToAskTheGroupItselfIsLookedAt() {
        try (GroupJudge judge = GroupJudge.start(group.nodes(), _ -> {});
                Routed routed =
                        new Routed(group.nodes(), Routed.in(Mode.PREFERRED, Mode.By.USER), judge)) {
            assertThat(routed.nodeOfNext(it -> it)).isEqualTo("a");
            group.run(0, "ALTER DATABASE app SET default_transaction_read_only = on");
            try {
                routed.awaitState(NodeState.CLOSED, List.of("a"));
                assertThat(routed.nodeOfNext(it -> it)).isEqualTo("b");
            } finally {
                group.run(
                        0,
                        "SET TRANSACTION READ WRITE",
                        "ALTER DATABASE app RESET default_transaction_read_only");
            }
            routed.awaitState(NodeState.OPEN, List.of("a"));
        }
    }

    @Test
    void clientsOfRealHaproxyGoOnWhenTheirPrimaryIsKilled() {
        HaproxyProcess.require();
        int port = HaproxyProcess.freePort();
        String configuration =
                Haproxy.of(
                        group.nodes(),
                        new Haproxy.Options(
                                "127.0.0.1:" + port,
                                "127.0.0.1:" + HaproxyProcess.freePort(),
                                daemon(),
                                false,
                                Haproxy.Mode.PREFERRED));
        try (HaproxyProcess haproxy = HaproxyProcess.start(configuration);
                RouteLoad load = new RouteLoad(port)) {
            load.awaitMore(100);
            group.server(0).kill();
            load.awaitMore(200);
            group.server(0).restart();
            load.awaitMore(100);
            load.end();
            assertThat(haproxy.log()).doesNotContain("[ALERT]");
            assertNothingIsLost(load);
        }
    }
}
