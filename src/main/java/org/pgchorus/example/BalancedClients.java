package org.pgchorus.example;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.Ending;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Clients that insert into {@code test_table} through a balancer, each over one session, and
 * connect again when that ends. They remember what was acknowledged to them, and by which server.
 *
 * <p>A row whose insert was not answered may be there or not; the client goes on with another name.
 * Begins at once; any thread may ask.
 */
final class BalancedClients implements AutoCloseable {
    private static final int CLIENTS = 8;
    private static final long PACE_MILLIS = 4;
    private static final long AGAIN_MILLIS = 50;
    private static final int CONNECT_SECONDS = 2;
    private static final String INSERT =
            "INSERT INTO test_table (name) VALUES (?) RETURNING inet_server_port()";

    private final Address balancer;
    private final List<Thread> clients = new ArrayList<>();
    private final Map<String, Integer> acknowledged = new ConcurrentHashMap<>();
    private final LongAdder ended = new LongAdder();
    private volatile boolean closed;

    private BalancedClients(Address balancer, String prefix) {
        this.balancer = balancer;
        for (int number = 1; number <= CLIENTS; number++) {
            String client = prefix + "-" + number;
            clients.add(Thread.ofVirtual().start(() -> insert(client)));
        }
    }

    /**
     * Begins to insert.
     *
     * @param prefix of the names of the rows, no other clients' prefix
     */
    static BalancedClients start(Address balancer, String prefix) {
        return new BalancedClients(balancer, prefix);
    }

    private void insert(String client) {
        int row = 0;
        while (!closed) {
            try (Session session = Session.open(balancer, client, CONNECT_SECONDS)) {
                while (!closed) {
                    row++;
                    String name = client + "-" + row;
                    acknowledged.put(name, Integer.valueOf(session.value(INSERT, name)));
                    TimeUnit.MILLISECONDS.sleep(PACE_MILLIS);
                }
            } catch (PgError lost) {
                ended.increment();
                pause();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The names of the rows that are said to be committed, so far. */
    List<String> acknowledged() {
        return List.copyOf(acknowledged.keySet());
    }

    /** How many rows the server on this port has acknowledged. */
    long acknowledgedBy(int port) {
        return acknowledged.values().stream().filter(it -> it == port).count();
    }

    /** How often a session ended before its client, or could not begin. */
    long ended() {
        return ended.sum();
    }

    /** Returns when none writes any more; what they were told can still be asked for. */
    @Override
    public void close() {
        closed = true;
        clients.forEach(Ending::await);
    }

    /** The port of the server that the balancer gives to a new client; 0 if to none. */
    static int portOfNew(Address balancer) {
        try (Session session = Session.open(balancer, "newcomer", CONNECT_SECONDS)) {
            return Integer.parseInt(session.value("SELECT inet_server_port()"));
        } catch (PgError refused) {
            return 0;
        }
    }
}
