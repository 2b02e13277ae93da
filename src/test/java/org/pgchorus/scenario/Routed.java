package org.pgchorus.scenario;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.route.Judgement;
import org.pgchorus.route.Mode;
import org.pgchorus.route.NodeState;
import org.pgchorus.route.NodeWatch;
import org.pgchorus.route.Router;
import org.pgchorus.route.RouterOptions;
import org.pgchorus.route.Statistics;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A router before some nodes; unless another judge is given, they are writable till said not. */
final class Routed implements AutoCloseable {
    static final RouterOptions USUAL =
            new RouterOptions(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    Mode.ANY,
                    Mode.By.USER,
                    100,
                    100,
                    false,
                    false,
                    false,
                    Duration.ofSeconds(10),
                    2);

    private final List<NodeAddress> nodes;
    private final Map<String, Judgement> judgements = new ConcurrentHashMap<>();
    private final Router router;
    private final NodeWatch watch;

    Routed(List<NodeAddress> nodes, RouterOptions options) {
        this.nodes = nodes;
        this.router = Router.start(options, InstantSource.system());
        this.watch = NodeWatch.start(router, nodes, this::judge);
        awaitState(NodeState.OPEN, nodes.stream().map(it -> it.name().text()).toList());
    }

    Routed(List<NodeAddress> nodes, RouterOptions options, Function<String, Judgement> judge) {
        this.nodes = nodes;
        this.router = Router.start(options, InstantSource.system());
        this.watch = NodeWatch.start(router, nodes, judge);
        awaitState(NodeState.OPEN, nodes.stream().map(it -> it.name().text()).toList());
    }

    private Judgement judge(String node) {
        return judgements.getOrDefault(node, new Judgement.Writable());
    }

    /** The usual options in another mode. */
    static RouterOptions in(Mode mode, Mode.By by) {
        return new RouterOptions(
                USUAL.listen(),
                mode,
                by,
                USUAL.mostSessions(),
                USUAL.mostPerNode(),
                false,
                false,
                false,
                USUAL.startLimit(),
                USUAL.loops());
    }

    /** The usual options with limits. */
    static RouterOptions limited(int mostSessions, int mostPerNode, Duration startLimit) {
        return new RouterOptions(
                USUAL.listen(),
                Mode.ANY,
                Mode.By.USER,
                mostSessions,
                mostPerNode,
                false,
                false,
                false,
                startLimit,
                USUAL.loops());
    }

    /** The usual options with PROXY headers. */
    static RouterOptions proxy(boolean accept, boolean send) {
        return new RouterOptions(
                USUAL.listen(),
                Mode.ANY,
                Mode.By.USER,
                USUAL.mostSessions(),
                USUAL.mostPerNode(),
                accept,
                send,
                true,
                USUAL.startLimit(),
                USUAL.loops());
    }

    void judge(String node, Judgement judgement) {
        judgements.put(node, judgement);
    }

    void awaitState(NodeState state, List<String> names) {
        TestGroup.await(
                "%s are %s: %s".formatted(names, state, router.statistics()),
                () ->
                        router.statistics().nodes().stream()
                                .filter(it -> names.contains(it.name()))
                                .allMatch(it -> it.state() == state));
    }

    Statistics statistics() {
        return router.statistics();
    }

    long count(String event) {
        return statistics().events().stream()
                .filter(it -> it.name().equals(event))
                .mapToLong(Statistics.Event::count)
                .sum();
    }

    int sessions(String node) {
        return statistics().nodes().stream()
                .filter(it -> it.name().equals(node))
                .mapToInt(Statistics.Node::sessions)
                .sum();
    }

    int port() {
        return router.place().getPort();
    }

    /** The address of the first node's database, by way of the router. */
    Address address() {
        return nodes.getFirst()
                .address()
                .with(AddressParameter.HOST, "127.0.0.1")
                .with(AddressParameter.PORT, Integer.toString(port()));
    }

    Connection connect() throws SQLException {
        return connect(it -> it);
    }

    Connection connect(UnaryOperator<Properties> more) throws SQLException {
        Properties properties = address().jdbcProperties();
        properties.putIfAbsent("sslmode", "disable");
        return DriverManager.getConnection(address().jdbcUrl(), more.apply(properties));
    }

    /** Which of the nodes a session is at. */
    String nodeOf(Connection connection) {
        String port = ask(connection, "SELECT inet_server_port()");
        return nodes.stream()
                .filter(it -> Integer.toString(it.address().port()).equals(port))
                .map(it -> it.name().text())
                .findFirst()
                .orElseThrow();
    }

    /** The node that a new session gets. */
    String nodeOfNext(UnaryOperator<Properties> more) {
        try (Connection connection = connect(more)) {
            return nodeOf(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static String ask(Connection connection, String question) {
        try (Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery(question)) {
            answer.next();
            return answer.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(question, e);
        }
    }

    @Override
    public void close() {
        watch.close();
        router.close();
    }
}
