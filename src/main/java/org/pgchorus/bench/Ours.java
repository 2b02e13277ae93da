package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.List;
import java.util.Optional;

/**
 * A group of two nodes, served by a daemon in a process of its own, as it would be elsewhere. It
 * writes both ways; conflicts are looked for, deletes leave tombstones.
 */
final class Ours implements Contestant {
    private static final NodeName A = new NodeName("a");
    private static final NodeName B = new NodeName("b");
    private static final long READY_MILLIS = 60_000;

    private final NodeAddress a;
    private final DaemonProcess daemon;
    private final Direction there;
    private final Direction back;

    /**
     * @param database its name on both servers
     * @param schema what is run in it before replication starts
     */
    Ours(Databases databases, Terms terms, String database, List<String> schema)
            throws InterruptedException {
        databases.create(database, schema);
        a = new NodeAddress(A, databases.source(database));
        Address target = databases.target(database);
        // The daemon is beside the source: what it applies goes all the way.
        NodeAddress b = new NodeAddress(B, databases.fromAfar(target));
        Orders.createGroup(a, List.of());
        daemon = DaemonProcess.start(terms, List.of(a, b));
        try {
            Orders.join(
                    new JoinRequest(b, a.address(), JoinRequest.Schema.EXISTING, false, 1),
                    JoinProgress.SILENT);
            if (!Orders.awaitReady(a.address(), B, READY_MILLIS, hint -> {})) {
                throw PgError.refused("node b does not get ready");
            }
            there = new Direction(a.address(), target, slot(a.address()));
            back = new Direction(target, a.address(), slot(target));
        } catch (RuntimeException | InterruptedException e) {
            daemon.close();
            throw e;
        }
    }

    private static String slot(Address database) {
        return Databases.ask(
                database,
                "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical'"
                        + " AND database = current_database()");
    }

    @Override
    public String name() {
        return "ours";
    }

    @Override
    public Direction there() {
        return there;
    }

    @Override
    public Optional<Direction> back() {
        return Optional.of(back);
    }

    @Override
    public void hold(Direction direction) throws InterruptedException {
        pause(direction, true);
        Slots.awaitIdle(direction);
    }

    @Override
    public void release(Direction direction) throws InterruptedException {
        pause(direction, false);
    }

    private void pause(Direction direction, boolean paused) throws InterruptedException {
        boolean isThere = direction.equals(there);
        Orders.pause(a.address(), isThere ? A : B, isThere ? B : A, paused);
    }

    @Override
    public Usage usage() {
        try (Session session = Session.open(there.target(), "pgchorus bench")) {
            List<Long> appliers =
                    session.query(
                            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                    + " AND starts_with(application_name, 'pgchorus_b')",
                            row -> row.number(1));
            return new Usage(
                    Cpu.of(Slots.readers(there)),
                    Cpu.of(appliers),
                    Cpu.of(List.of(daemon.pid())),
                    Cpu.peakBytes(daemon.pid()));
        }
    }

    @Override
    public void close() {
        daemon.close();
        for (Address address : List.of(there.source(), there.target())) {
            Databases.run(
                    address,
                    List.of(
                            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                                    + " WHERE database = current_database() AND NOT active"));
        }
    }
}
