package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A group of two nodes, served by a daemon in a process of its own, as it would be elsewhere. It
 * writes both ways; conflicts are looked for, deletes leave tombstones.
 */
final class Ours implements Contestant {
    private static final NodeName A = new NodeName("a");
    private static final NodeName B = new NodeName("b");
    private static final long READY_MILLIS = 60_000;

    private final NodeAddress a;
    private final NodeAddress b;
    private final Process daemon;
    private final String slot;

    /**
     * @param daemonClass whose {@code main} takes {@code run NAME=ADDRESS...}
     * @param heapMegabytes the daemon's memory
     */
    Ours(Databases databases, Work work, String daemonClass, int heapMegabytes)
            throws InterruptedException {
        String database = work.database("ours");
        databases.create(database, work.schema());
        a = new NodeAddress(A, databases.source(database));
        b = new NodeAddress(B, databases.target(database));
        Orders.createGroup(a, List.of());
        daemon = start(daemonClass, heapMegabytes);
        try {
            Orders.join(
                    new JoinRequest(b, a.address(), JoinRequest.Schema.EXISTING, false, 1),
                    JoinProgress.SILENT);
            if (!Orders.awaitReady(a.address(), B, READY_MILLIS, hint -> {})) {
                throw PgError.refused("node b does not get ready");
            }
            slot =
                    Databases.ask(
                            a.address(),
                            "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical'"
                                    + " AND database = current_database()");
        } catch (RuntimeException | InterruptedException e) {
            daemon.destroyForcibly();
            throw e;
        }
    }

    private Process start(String daemonClass, int heapMegabytes) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx" + heapMegabytes + "m", "-XX:+UseSerialGC", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.addAll(List.of(daemonClass, "run", "a=" + a.address().text()));
        command.add("b=" + b.address().text());
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("PGCHORUS_LOG_LEVEL", "ERROR");
            Process started =
                    builder.redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return "ours";
    }

    @Override
    public Address source() {
        return a.address();
    }

    @Override
    public Address target() {
        return b.address();
    }

    @Override
    public String slot() {
        return slot;
    }

    @Override
    public void hold() throws InterruptedException {
        Orders.pause(a.address(), A, B, true);
        Slots.awaitIdle(a.address(), slot);
    }

    @Override
    public void release() throws InterruptedException {
        Orders.pause(a.address(), A, B, false);
    }

    /** Holds the other direction too, or lets it flow. */
    void holdBack(boolean hold) throws InterruptedException {
        Orders.pause(a.address(), B, A, hold);
    }

    @Override
    public Usage usage() {
        try (Session session = Session.open(b.address(), "pgchorus bench")) {
            List<Long> appliers =
                    session.query(
                            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                    + " AND application_name = 'pgchorus_b'",
                            row -> row.number(1));
            return new Usage(
                    Cpu.of(Slots.readers(a.address(), slot)),
                    Cpu.of(appliers),
                    Cpu.of(List.of(daemon.pid())),
                    Cpu.peakBytes(daemon.pid()));
        }
    }

    @Override
    public void close() {
        daemon.destroy();
        try {
            if (!daemon.waitFor(10, TimeUnit.SECONDS)) {
                daemon.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            daemon.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        for (Address address : List.of(a.address(), b.address())) {
            Databases.run(
                    address,
                    List.of(
                            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                                    + " WHERE database = current_database() AND NOT active"));
        }
    }
}
