package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.conflict.Policy;
import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.member.TablePolicy;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.PolicySql;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * A group on real servers for one scenario: nodes are counted from 0 and called a, b, c, ...
 *
 * <p>Everything it started is gone after {@link #close}, also when the scenario failed.
 */
final class TestGroup implements AutoCloseable {
    static final Duration LIMIT = Duration.ofMinutes(3);

    private static final long POLL_MILLIS = 20;

    /** Id and clock as a row of VALUES. */
    private static final String NODE_NOW =
            """
            SELECT format('(%s, %s)', node_id, pgchorus.micros(clock_timestamp()))
            FROM pgchorus.local\
            """;

    private final List<EmbeddedServer> servers = new ArrayList<>();
    private final List<NodeAddress> nodes = new ArrayList<>();
    private Daemon daemon;

    /** Whether something was done since all was last known to be applied everywhere. */
    private volatile boolean touched = true;

    /** Starts one server a version and makes a group of them over the given schema. */
    static TestGroup of(String schema, int... majors) {
        return of(schema, Arrays.stream(majors).mapToObj(ServerOptions::of).toList());
    }

    static TestGroup of(String schema, List<ServerOptions> options) {
        return of(schema, options, options.size());
    }

    /**
     * @param members how many of them make the group; the others are served and may join later.
     *     With 0 nothing is done but to start the servers
     */
    static TestGroup of(String schema, List<ServerOptions> options, int members) {
        TestGroup group = new TestGroup();
        try {
            for (int i = 0; i < options.size(); i++) {
                EmbeddedServer server = EmbeddedServer.start(options.get(i));
                group.servers.add(server);
                server.createDatabase("app");
                group.nodes.add(new NodeAddress(name(i), server.address("app")));
                group.run(i, schema);
                // Most scenarios change the schema node by node.
                group.run(i, "ALTER DATABASE app SET pgchorus.replicate_ddl = off");
            }
            if (members > 0) {
                group.form(members);
            }
            return group;
        } catch (RuntimeException | Error e) {
            group.close();
            throw e;
        }
    }

    /** Reads a list of versions such as {@code 15,18,16}. */
    static int[] majors(String list) {
        return Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
    }

    static NodeName name(int node) {
        return new NodeName(String.valueOf((char) ('a' + node)));
    }

    /** Makes a group of the first ones; the daemon serves all. */
    void form(int members) {
        Orders.createGroup(nodes.getFirst(), List.of());
        startDaemon();
        for (int i = 1; i < members; i++) {
            join(i);
        }
    }

    void join(int i) {
        try {
            Orders.join(
                    new JoinRequest(nodes.get(i), address(0), JoinRequest.Schema.EXISTING, true, 2),
                    JoinProgress.SILENT);
            assertThat(Orders.awaitReady(address(0), name(i), LIMIT.toMillis(), hint -> {}))
                    .as("node %s is ready; status: %s", name(i), problems())
                    .isTrue();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(e);
    }

    List<String> problems() {
        return Survey.of(address(0)).problems();
    }

    void startDaemon() {
        daemon = Daemon.start(nodes);
    }

    void stopDaemon() {
        if (daemon != null) {
            daemon.close();
            daemon = null;
        }
    }

    /** The daemon that serves all nodes. */
    Daemon daemon() {
        return daemon;
    }

    int size() {
        return nodes.size();
    }

    EmbeddedServer server(int node) {
        return servers.get(node);
    }

    Address address(int node) {
        return nodes.get(node).address();
    }

    List<NodeAddress> nodes() {
        return nodes;
    }

    List<Address> addresses() {
        return nodes.stream().map(NodeAddress::address).toList();
    }

    Connection connect(int node) throws SQLException {
        touched = true;
        return reader(node);
    }

    private Connection reader(int node) throws SQLException {
        Address address = address(node);
        return DriverManager.getConnection(address.jdbcUrl(), address.jdbcProperties());
    }

    /** From now on what clients change of the schema goes to all nodes. */
    void replicateSchema() {
        for (int node = 0; node < size(); node++) {
            run(node, "ALTER DATABASE app RESET pgchorus.replicate_ddl");
        }
    }

    /** Runs statements as a client, in one transaction. */
    void run(int node, String... statements) {
        try (Connection connection = connect(node)) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                for (String sql : statements) {
                    statement.execute(sql);
                }
            }
            connection.commit();
        } catch (SQLException e) {
            throw new IllegalStateException(
                    "on node " + name(node) + ": " + String.join("; ", statements), e);
        }
    }

    /** All rows of a question, each as its columns' texts joined by {@code |}. */
    List<String> rows(int node, String question) {
        List<String> rows = new ArrayList<>();
        try (Connection connection = reader(node);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(question)) {
            int width = result.getMetaData().getColumnCount();
            while (result.next()) {
                List<String> values = new ArrayList<>();
                for (int i = 1; i <= width; i++) {
                    values.add(String.valueOf(result.getString(i)));
                }
                rows.add(String.join("|", values));
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException("on node " + name(node) + ": " + question, e);
        }
    }

    /** Holds a link. */
    void hold(int from, int to) {
        pause(from, to, true);
    }

    /** Lets a link go on. */
    void release(int from, int to) {
        pause(from, to, false);
    }

    private void pause(int from, int to, boolean paused) {
        touched = true;
        try {
            // A daemon that has just been killed and started may need longer than one order waits.
            long end = System.nanoTime() + LIMIT.toNanos();
            boolean noticed = false;
            while (!noticed && System.nanoTime() < end) {
                noticed = Orders.pause(address(to), name(from), name(to), paused);
            }
            assertThat(noticed).as("link %s->%s paused %s", name(from), name(to), paused).isTrue();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Holds every link. */
    void holdAll() {
        together(links(this::hold));
    }

    /** Lets every link go on. */
    void releaseAll() {
        together(links(this::release));
    }

    /** Lets what a node wrote go to all others, and waits until they have applied it. */
    void deliverFrom(int from) {
        together(
                IntStream.range(0, size())
                        .filter(to -> to != from)
                        .<Runnable>mapToObj(to -> () -> release(from, to))
                        .toList());
        settle(Optional.of(name(from)), Optional.empty());
    }

    /** Does all of it side by side, so that a scenario waits for the slowest only. */
    static void together(List<Runnable> actions) {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Void>> running =
                    actions.stream()
                            .map(action -> CompletableFuture.runAsync(action, executor))
                            .toList();
            running.forEach(CompletableFuture::join);
        }
    }

    private List<Runnable> links(OnLink action) {
        List<Runnable> actions = new ArrayList<>();
        forEachLink((from, to) -> actions.add(() -> action.accept(from, to)));
        return actions;
    }

    @FunctionalInterface
    interface OnLink {
        void accept(int from, int to);
    }

    void forEachLink(OnLink action) {
        for (int from = 0; from < size(); from++) {
            for (int to = 0; to < size(); to++) {
                if (from != to) {
                    action.accept(from, to);
                }
            }
        }
    }

    /** Waits until everything committed so far is applied everywhere. */
    void settle() {
        settle(Optional.empty(), Optional.empty());
    }

    /** The same, unless nobody has written since, or held or released a link. */
    void settleIfTouched() {
        if (touched) {
            touched = false;
            settle();
        }
    }

    /** Waits until what one node committed is applied at another. */
    void settle(int from, int to) {
        settle(Optional.of(name(from)), Optional.of(name(to)));
    }

    private void settle(Optional<NodeName> from, Optional<NodeName> to) {
        try {
            List<LinkName> late = Waiting.untilApplied(address(0), LIMIT, from, to);
            assertThat(late).as("links that lack something; status: %s", problems()).isEmpty();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** What every server's sessions do, and what they wait for, for the report of a failure. */
    String activity() {
        StringBuilder text = new StringBuilder();
        for (int node = 0; node < size(); node++) {
            text.append("node ").append(name(node)).append('\n');
            for (String session :
                    rows(
                            node,
                            """
                            SELECT pid, application_name, state, wait_event_type, wait_event,
                                   pg_blocking_pids(pid), clock_timestamp() - xact_start AS open,
                                   left(query, 200)
                            FROM pg_stat_activity WHERE datname IS NOT NULL\
                            """)) {
                text.append("  ").append(session).append('\n');
            }
        }
        return text.toString();
    }

    /**
     * Waits until every node knows that every other has applied what is committed now: from then on
     * a write is known to have been made in sight of it. No link may be held.
     */
    void awaitHeard() {
        List<String> now = new ArrayList<>();
        for (int node = 0; node < size(); node++) {
            now.addAll(rows(node, NODE_NOW));
        }
        String lacking =
                """
                SELECT l.node_name, w.name, now.peer
                FROM (VALUES %s) now (peer, micros)
                CROSS JOIN pgchorus.local l
                JOIN pgchorus.member w ON w.id NOT IN (l.node_id, now.peer)
                LEFT JOIN pgchorus.progress p ON p.node = w.id AND p.peer = now.peer
                WHERE p.micros IS NULL OR p.micros < now.micros\
                """
                        .formatted(String.join(", ", now));
        for (int node = 0; node < size(); node++) {
            int asked = node;
            await("all have heard of all", () -> rows(asked, lacking).isEmpty());
        }
    }

    /** Waits until something is so. */
    static void await(String what, BooleanSupplier isSo) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try {
            while (!isSo.getAsBoolean()) {
                assertThat(System.nanoTime()).as("in time: %s", what).isLessThan(deadline);
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Waits, then checks that all nodes answer alike; returns the answer. */
    List<String> settledRows(String question) {
        settle();
        return sameRows(question);
    }

    /** Checks that all nodes answer alike now; returns the answer. */
    List<String> sameRows(String question) {
        List<String> first = rows(0, question);
        for (int node = 1; node < size(); node++) {
            List<String> others = rows(node, question);
            List<String> lacking = new ArrayList<>(first);
            lacking.removeAll(others);
            List<String> extra = new ArrayList<>(others);
            extra.removeAll(first);
            assertThat(others.equals(first))
                    .as(
                            "%s: node %s lacks %s of node %s and has %s",
                            question, name(node), lacking, name(0), extra)
                    .isTrue();
        }
        return first;
    }

    /** Makes columns of a table delta columns, in the whole group. */
    void addDeltas(String table, String... columns) {
        Policy policy = new Policy(Policy.Rule.LAST_UPDATE_WINS, Optional.empty(), Set.of(columns));
        for (NodeAddress node : nodes) {
            try (Session session = Session.open(node.address(), "test")) {
                session.inTransaction(
                        () -> TablePolicy.set(session, new TableName("public", table), policy));
                await(
                        "the daemon goes by the policy",
                        () -> session.value(PolicySql.IN_FORCE).equals("t"));
            }
        }
    }

    /** All conflicts recorded so far, the newest first. */
    List<Conflicts.Conflict> conflicts() {
        return Conflicts.list(
                        address(0), Optional.empty(), Optional.empty(), Optional.empty(), 100_000)
                .found();
    }

    @Override
    public void close() {
        try {
            stopDaemon();
        } finally {
            servers.forEach(EmbeddedServer::close);
        }
    }
}
