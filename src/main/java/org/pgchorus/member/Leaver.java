package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LeaveSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.PublicationSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes everything of pgchorus out of a database and leaves a plain one, whatever state it is in.
 *
 * <p>Idempotent: what a crash left is taken away the next time. Our schema goes last, since it says
 * whose the origins are, which belong to the whole server. Where it is gone already, the slots say
 * so; and origins that no database of the server answers for are nobody's.
 *
 * <p>One thread.
 */
public final class Leaver {
    private static final Pattern SLOT = Pattern.compile("pgchorus_([0-9a-f]{8})_(\\d+)_\\d+");

    private static final String APPLICATION = "pgchorus remove";

    /** SQLSTATE class: the server is there, but does not let us in. */
    private static final String NOT_LET_IN = "28";

    private static final String NO_SUCH_DATABASE = "3D000";
    private static final String NOT_ALLOWED = "42501";

    /** A daemon that lost its session comes back within a second; a few of these win. */
    private static final long DAEMON_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final long POLL_MILLIS = 50;
    private static final int LOCK_ATTEMPTS = 20;
    private static final long RETRY_MILLIS = 500;

    private final Session session;
    private final Address address;
    private final List<String> done = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private Leaver(Session session, Address address) {
        this.session = session;
        this.address = address;
    }

    /**
     * What was done.
     *
     * @param node its name, if it still knew it
     * @param group its group's id, if that could still be seen
     * @param done what was taken away, a few words each; empty if there was nothing
     * @param notes what is left to do elsewhere, a sentence each
     */
    public record Left(
            Optional<String> node, Optional<String> group, List<String> done, List<String> notes) {}

    /** Whose slots and origins are meant. */
    private record Claim(String group, int node) {}

    /**
     * Makes a database plain again.
     *
     * @param force also if other nodes still count on it
     * @throws PgError.Refused if other nodes that can be reached count on it, or objects of the
     *     user's would be lost; nothing is changed then
     */
    public static Left remove(Address address, boolean force) throws InterruptedException {
        try (Session session = Session.open(address, APPLICATION)) {
            return new Leaver(session, address).remove(force);
        }
    }

    private Left remove(boolean force) throws InterruptedException {
        MembershipLock.take(session);
        Optional<Following> following = Following.of(session);
        if (following.isPresent()) {
            refuseDependents();
            return Following.removed(session, following.get(), force);
        }
        Optional<Identity> identity = Identity.of(session);
        if (identity.isPresent()) {
            if (!force) {
                Following.refuseFed(session, identity.get());
            }
            askPeers(identity.get(), force);
        }
        refuseDependents();
        Set<Claim> claims = claims(session, LeaveSql.SLOTS);
        identity.ifPresent(i -> claims.add(new Claim(i.groupId(), i.nodeId())));
        takeFromDaemon();
        done.addAll(Following.dropFed(session));
        for (String slot : session.query(LeaveSql.SLOTS, row -> row.text(1))) {
            Installer.dropSlot(session, slot);
            done.add("slot " + slot);
        }
        session.query(LeaveSql.END_LINKS, row -> 0);
        dropOrigins(claims, identity.isEmpty());
        dropObjects();
        return new Left(
                identity.map(i -> i.name().text()),
                claims.stream().map(Claim::group).findFirst(),
                List.copyOf(done),
                List.copyOf(notes));
    }

    /** Whether anyone who can be reached has the node in its catalog. */
    private void askPeers(Identity identity, boolean force) {
        List<String> counting = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (Member peer : knownMembers()) {
            if (peer.id() == identity.nodeId()) {
                continue;
            }
            try (Session other = Session.open(peer.address(), APPLICATION)) {
                if (countsOn(other, identity)) {
                    counting.add(peer.name().text());
                    notes.add(
                            "node %s still counts on it; there: pgchorus node detach %s --group %s"
                                    .formatted(
                                            peer.name(), identity.name(), peer.address().text()));
                }
            } catch (PgError e) {
                if (e.sqlState().startsWith(NOT_LET_IN)) {
                    unknown.add(e.getMessage());
                } else if (!e.sqlState().equals(NO_SUCH_DATABASE)) {
                    notes.add(
                            ("node %s could not be asked (%s); if it still counts on this one,"
                                            + " there: pgchorus node detach %s --group %s")
                                    .formatted(
                                            peer.name(),
                                            e.getMessage(),
                                            identity.name(),
                                            peer.address().text()));
                }
            }
        }
        if (force || (counting.isEmpty() && unknown.isEmpty())) {
            return;
        }
        throw PgError.refused(
                counting.isEmpty()
                        ? ("it cannot be told whether other nodes still count on node %s: %s; let"
                                        + " this role in there, or say --force")
                                .formatted(identity.name(), String.join("; ", unknown))
                        : ("node %s is still a member of its group: %s %s on it; cure: pgchorus"
                               + " node detach %s first, or, if the rest of the group does not"
                               + " matter, --force")
                                .formatted(
                                        identity.name(),
                                        String.join(", ", counting),
                                        counting.size() == 1 ? "counts" : "count",
                                        identity.name()));
    }

    private List<Member> knownMembers() {
        return session.value(LeaveSql.KNOWS_MEMBERS).equals("t") ? Member.all(session) : List.of();
    }

    private static boolean countsOn(Session peer, Identity identity) {
        return Identity.of(peer)
                        .filter(p -> p.groupId().equals(identity.groupId()))
                        .filter(p -> p.nodeId() != identity.nodeId())
                        .isPresent()
                && Member.all(peer).stream().anyMatch(m -> m.id() == identity.nodeId());
    }

    private void refuseDependents() {
        List<String> dependents = session.query(LeaveSql.DEPENDENTS, row -> row.text(1));
        if (!dependents.isEmpty()) {
            throw PgError.refused(
                    ("objects of your own use the schema pgchorus at %s and would go with it: %s;"
                                    + " drop or change them first")
                            .formatted(session.where(), String.join(", ", dependents)));
        }
    }

    /** Takes the daemon's place, so that none begins anything here any more. */
    private void takeFromDaemon() throws InterruptedException {
        long deadline = System.nanoTime() + DAEMON_NANOS;
        while (!session.value(MemberSql.TRY_LOCK_DAEMON).equals("t")) {
            try {
                session.query(LeaveSql.END_DAEMON, row -> 0);
            } catch (PgError.Refused e) {
                if (!e.sqlState().equals(NOT_ALLOWED)) {
                    throw e;
                }
                throw PgError.refused(
                        "a daemon serves this node as another role (%s); stop that daemon first"
                                .formatted(e.getMessage()),
                        e);
            }
            if (System.nanoTime() > deadline) {
                throw PgError.refused(
                        "the daemon that serves %s does not let go of it; stop it first"
                                .formatted(session.where()));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private void dropOrigins(Set<Claim> claims, boolean schemaGone) {
        List<String> left = new ArrayList<>();
        for (String origin : session.query(LeaveSql.ORIGINS, row -> row.text(1))) {
            if (isOf(claims, origin)) {
                dropOrigin(origin);
            } else {
                left.add(origin);
            }
        }
        if (!schemaGone || left.isEmpty()) {
            return;
        }
        // After the origins were listed: who makes one says in the same transaction whose it is.
        Set<Claim> others = claims(session, LeaveSql.SLOTS_ELSEWHERE);
        for (String database : session.query(LeaveSql.OTHER_DATABASES, row -> row.text(1))) {
            Address there = address.with(AddressParameter.DBNAME, database);
            try (Session other = Session.open(there, APPLICATION)) {
                Identity.of(other).ifPresent(i -> others.add(new Claim(i.groupId(), i.nodeId())));
            } catch (PgError e) {
                notes.add(
                        ("the server has origins of pgchorus that may belong to its database %s,"
                                        + " which could not be asked (%s): %s")
                                .formatted(database, e.getMessage(), String.join(", ", left)));
                return;
            }
        }
        left.stream().filter(origin -> !isOf(others, origin)).forEach(this::dropOrigin);
    }

    private void dropOrigin(String origin) {
        Installer.dropOrigin(session, origin);
        done.add("origin " + origin);
    }

    private static boolean isOf(Set<Claim> claims, String origin) {
        return claims.stream().anyMatch(c -> Installer.isOf(c.group, c.node, origin));
    }

    /** Our slots' names say for which node of which group they were made. */
    private static Set<Claim> claims(Session session, String slots) {
        Set<Claim> claims = new HashSet<>();
        for (String slot : session.query(slots, row -> row.text(1))) {
            Matcher name = SLOT.matcher(slot);
            if (name.matches()) {
                claims.add(new Claim(name.group(1), Integer.parseInt(name.group(2))));
            }
        }
        return claims;
    }

    /** The tables' triggers go with their functions, so every table is locked for a moment. */
    private void dropObjects() throws InterruptedException {
        noteIdentities();
        for (int attempts = 1; ; attempts++) {
            try {
                session.inTransaction(this::dropNow).forEach(done::add);
                return;
            } catch (PgError.Busy e) {
                if (attempts == LOCK_ATTEMPTS) {
                    throw PgError.refused(
                            ("the tables at %s cannot be locked: a transaction that uses one stays"
                                            + " open; end it, and say the same again (%s)")
                                    .formatted(session.where(), e.getMessage()),
                            e);
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        }
    }

    private List<String> dropNow() {
        List<String> dropped = new ArrayList<>();
        session.execute(LeaveSql.PATIENCE);
        if (!session.query(LeaveSql.PUBLICATION, row -> 0).isEmpty()) {
            session.execute(PublicationSql.DROP);
            dropped.add("publication pgchorus");
        }
        for (String reset : session.query(LeaveSql.RESETS, row -> row.text(1))) {
            session.execute(reset);
            dropped.add("setting: " + reset);
        }
        if (!session.query(LeaveSql.SCHEMA, row -> 0).isEmpty()) {
            session.execute(Sql.script("remove.sql"));
            dropped.add("schema pgchorus, with its triggers");
        }
        return dropped;
    }

    /** What was there before a table got delta columns is not known, so it stays as it is. */
    private void noteIdentities() {
        if (!session.value(LeaveSql.KNOWS_POLICIES).equals("t")) {
            return;
        }
        Catalog.policies(session)
                .forEach((table, policy) -> {
                    if (!policy.deltaColumns().isEmpty()) {
                        notes.add(
                                ("table %s keeps REPLICA IDENTITY FULL, which its delta columns"
                                                + " needed; if nothing else does: ALTER TABLE %s"
                                                + " REPLICA IDENTITY DEFAULT")
                                        .formatted(table, Sql.name(table)));
                    }
                });
    }
}
