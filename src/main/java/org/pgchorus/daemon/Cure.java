package org.pgchorus.daemon;

import org.pgchorus.conflict.Healing;
import org.pgchorus.conflict.RowImage;
import org.pgchorus.model.ConstraintName;
import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HealSql;
import org.pgchorus.sql.OrphanSql;
import org.pgchorus.sql.UndoSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Heals single orphans, each in one transaction: an ordinary write of this node, with a stamp of
 * its own, that PostgreSQL checks like any other and that replicates like any other.
 *
 * <p>Belongs to one round and one thread. The sessions are the caller's.
 */
final class Cure {
    private static final Logger LOG = LoggerFactory.getLogger(Cure.class);

    /** Longer chains of foreign keys are circles. */
    private static final int DEPTH = 100;

    private final Session own;
    private final Map<ConstraintName, Healing> policies;
    private final List<ForeignKey> keys;
    private final Map<String, Session> peers;
    private final Map<String, List<ForeignKey>> keysOfPeers = new TreeMap<>();

    /**
     * @param peers sessions on all other nodes, by name
     * @param keysOf reads the foreign keys that have policies
     */
    Cure(
            Session own,
            List<ForeignKey> keys,
            Map<ConstraintName, Healing> policies,
            Map<String, Session> peers,
            java.util.function.Function<Session, List<ForeignKey>> keysOf) {
        this.own = own;
        this.keys = keys;
        this.policies = policies;
        this.peers = peers;
        peers.forEach((name, session) -> keysOfPeers.put(name, keysOf.apply(session)));
    }

    private record Parent(boolean meant, boolean exists, boolean displaced) {}

    private static Parent parent(Session session, ForeignKey fk, String child) {
        return session.first(
                        OrphanSql.standing(fk),
                        row -> new Parent(row.truth(1), row.truth(2), row.truth(3)),
                        child)
                .orElseThrow();
    }

    /**
     * Heals one orphan, unless it is none any more.
     *
     * @param child its row
     * @return why it could not be done; empty if all is well
     */
    Optional<String> heal(ForeignKey fk, String child) {
        for (Map.Entry<String, Session> peer : peers.entrySet()) {
            Optional<ForeignKey> there = at(peer.getKey(), fk.id());
            if (there.isEmpty()) {
                return Optional.of("node %s has no such foreign key".formatted(peer.getKey()));
            }
            Parent parent = parent(peer.getValue(), there.get(), child);
            if (parent.exists || parent.displaced) {
                return Optional.of(
                        "node %s has the parent: it is on its way, or the nodes differ"
                                .formatted(peer.getKey()));
            }
        }
        try {
            own.inTransaction(() -> {
                if (isOrphan(fk, child)) {
                    act(fk, child);
                }
                return 0;
            });
            return Optional.empty();
        } catch (PgError.Refused e) {
            return Optional.of(e.getMessage());
        }
    }

    private Optional<ForeignKey> at(String peer, ConstraintName id) {
        return keysOfPeers.get(peer).stream().filter(fk -> fk.id().equals(id)).findFirst();
    }

    /** Locks the child, so that it stays as it is; then looks for the parent. */
    private boolean isOrphan(ForeignKey fk, String child) {
        if (fk.child().hasKey()
                && own.first(OrphanSql.lock(fk), row -> row.text(1), child).isEmpty()) {
            return false;
        }
        Parent parent = parent(own, fk, child);
        return parent.meant && !parent.exists && !parent.displaced;
    }

    private void act(ForeignKey fk, String child) {
        Healing policy = policies.get(fk.id());
        switch (policy) {
            case REPORT -> throw new IllegalStateException(fk.id() + " is only reported");
            case RESTORE_PARENT -> restore(fk, child, DEPTH);
            case REMOVE_CHILD -> remove(fk, child, DEPTH);
            case SET_NULL -> setNull(fk, child);
        }
    }

    private void setNull(ForeignKey fk, String child) {
        requireKey(fk.child());
        if (fk.settable().isEmpty()) {
            throw PgError.refused("the columns that refer cannot be NULL; allow it, or heal else");
        }
        own.update(OrphanSql.setNull(fk), child);
        note(fk, Healing.SET_NULL, child, child);
    }

    /** What refers to the row goes first where PostgreSQL would refuse, if its policy says so. */
    private void remove(ForeignKey fk, String child, int depth) {
        requireKey(fk.child());
        requireDepth(fk, depth);
        for (ForeignKey below : keys) {
            Healing policy = policies.get(below.id());
            if (below.enforcedOnDelete()
                    && !below.period()
                    && below.parent().name().equals(fk.child().name())
                    && (policy == Healing.REMOVE_CHILD || policy == Healing.SET_NULL)) {
                for (String row : own.query(OrphanSql.children(below), r -> r.text(1), child)) {
                    if (policy == Healing.SET_NULL) {
                        setNull(below, row);
                    } else {
                        remove(below, row, depth - 1);
                    }
                }
            }
        }
        own.update(OrphanSql.remove(fk), child);
        note(fk, Healing.REMOVE_CHILD, child, child);
    }

    /** The parent's own parents come first where they are missing, if their policy says so. */
    private void restore(ForeignKey fk, String child, int depth) {
        requireDepth(fk, depth);
        String row = lastVersion(fk, child).row();
        for (ForeignKey above : keys) {
            if (policies.get(above.id()) == Healing.RESTORE_PARENT
                    && above.child().name().equals(fk.parent().name())) {
                Parent parent = parent(own, above, row);
                // A row that refers to itself needs no other.
                if (parent.meant && !parent.exists && !lastVersion(above, row).row().equals(row)) {
                    restore(above, row, depth - 1);
                }
            }
        }
        Set<String> known = new HashSet<>(own.query(UndoSql.COLUMNS, r -> r.text(1), row));
        List<String> columns =
                fk.parent().columns().stream()
                        .filter(column -> !column.generated() && known.contains(column.name()))
                        .map(Table.Column::name)
                        .toList();
        if (own.update(OrphanSql.restore(fk, columns), row) == 0
                && !parent(own, fk, child).exists) {
            throw PgError.refused(
                    "the parent cannot be restored: another row of %s has its unique values"
                            .formatted(fk.parent().name()));
        }
        note(fk, Healing.RESTORE_PARENT, child, row);
    }

    private RowImage lastVersion(ForeignKey fk, String child) {
        List<RowImage> images = new ArrayList<>();
        image(own, fk, child).ifPresent(images::add);
        peers.forEach((name, session) ->
                at(name, fk.id())
                        .flatMap(there -> image(session, there, child))
                        .ifPresent(images::add));
        return RowImage.last(images)
                .orElseThrow(() ->
                        PgError.refused(
                                ("no node has kept the parent's last version: it went before"
                                                + " restore-parent was chosen, or too long ago;"
                                                + " insert a row into %s by hand, or heal else")
                                        .formatted(fk.parent().name())));
    }

    private static Optional<RowImage> image(Session session, ForeignKey fk, String child) {
        return session.first(
                OrphanSql.image(fk),
                row ->
                        new RowImage(
                                row.text(1),
                                new Stamp(row.number(2), (int) row.number(3)),
                                new Stamp(row.number(4), (int) row.number(5))),
                child);
    }

    private static void requireKey(Table table) {
        if (!table.hasKey()) {
            throw PgError.refused(
                    "table %s has no key, so its rows cannot be told apart; give it a primary key"
                            .formatted(table.name()));
        }
    }

    private static void requireDepth(ForeignKey fk, int depth) {
        if (depth == 0) {
            throw PgError.refused(
                    "more than %d rows refer to each other in a row, beginning with %s"
                            .formatted(DEPTH, fk.id()));
        }
    }

    private void note(ForeignKey fk, Healing action, String child, String row) {
        String key = own.value(OrphanSql.key(fk), child);
        own.update(
                HealSql.NOTE,
                fk.child().name().schema(),
                fk.child().name().name(),
                fk.name(),
                action,
                key,
                row);
        LOG.info("orphan {} of {} ({}): {} {}", key, fk.child().name(), fk.name(), action, row);
    }
}
