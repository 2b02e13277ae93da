package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Servers that many cases share, each case with databases of its own, and what was refused there.
 *
 * <p>Servers start when they are first asked for and end with {@link #close}.
 */
final class Premises implements AutoCloseable {
    /** Everything that a database has beyond the server's own, and its server's slots. */
    private static final String OBJECTS =
            """
            SELECT 'schema ' || nspname FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_'
            UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384
            UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE oid >= 16384
            UNION ALL SELECT 'publication ' || pubname FROM pg_publication
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
            UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
            UNION ALL SELECT 'trigger on ' || tgrelid::regclass FROM pg_trigger
                      WHERE tgname LIKE 'pgchorus%'
            UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class
                      WHERE oid >= 16384 AND relkind <> 't' AND relname NOT LIKE 'pg_toast%'
            ORDER BY 1\
            """;

    private final Map<Integer, EmbeddedServer> servers = new TreeMap<>();

    /** The server of a major version. */
    EmbeddedServer server(int major) {
        return servers.computeIfAbsent(
                major,
                m -> EmbeddedServer.start(ServerOptions.of(m).setting("log_statement", "ddl")));
    }

    /** Makes a database there, for the superuser. */
    Address database(int major, String name, String... statements) {
        return database(major, name, "", statements);
    }

    /** Makes a database with options of CREATE DATABASE. */
    Address databaseLike(int major, String name, String options, String... statements) {
        return database(major, name, " TEMPLATE template0 " + options, statements);
    }

    private Address database(int major, String name, String options, String[] statements) {
        run(server(major).address("postgres"), "CREATE DATABASE " + name + options);
        Address address = server(major).address(name);
        run(address, statements);
        return address;
    }

    /** The same database for another role. */
    static Address as(Address address, String user) {
        return address.with(AddressParameter.USER, user);
    }

    static NodeAddress node(String name, Address address) {
        return new NodeAddress(new NodeName(name), address);
    }

    /** Runs each statement by itself. */
    static void run(Address address, String... statements) {
        try (Connection connection =
                        DriverManager.getConnection(address.jdbcUrl(), address.jdbcProperties());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(String.join("; ", statements), e);
        }
    }

    /** The first column of the answer. */
    static List<String> column(Address address, String question) {
        try (Connection connection =
                        DriverManager.getConnection(address.jdbcUrl(), address.jdbcProperties());
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(question)) {
            List<String> values = new ArrayList<>();
            while (result.next()) {
                values.add(result.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new IllegalStateException(question, e);
        }
    }

    /** What there is of ours, and of tables, in some databases and on their servers. */
    static List<String> objects(List<Address> databases) {
        List<String> found = new ArrayList<>();
        for (Address database : databases) {
            column(database, OBJECTS).forEach(o -> found.add(database.database() + ": " + o));
        }
        return found;
    }

    /**
     * Does something that has to be refused, and leave everything as it was.
     *
     * @return what was said
     */
    static String refusal(List<Address> databases, ThrowingCallable order) {
        List<String> before = objects(databases);
        Throwable refused = catchThrowable(order);
        assertThat(refused).as("refused").isNotNull();
        assertThat(objects(databases)).as("after: %s", refused.getMessage()).isEqualTo(before);
        return refused.getMessage();
    }

    static JoinRequest request(NodeAddress node, Address via, JoinRequest.Schema schema) {
        return new JoinRequest(node, via, schema, true, 2);
    }

    /** Joins with tables that exist. */
    static void join(NodeAddress node, Address via) throws InterruptedException {
        Orders.join(request(node, via, JoinRequest.Schema.EXISTING), JoinProgress.SILENT);
    }

    /** Joins with the provider's schema. */
    static void joinCopying(NodeAddress node, Address via) throws InterruptedException {
        Orders.join(request(node, via, JoinRequest.Schema.COPY), JoinProgress.SILENT);
    }

    @Override
    public void close() {
        servers.values().forEach(EmbeddedServer::close);
    }
}
