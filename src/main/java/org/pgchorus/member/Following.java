package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whom a follower follows, as its own database says.
 *
 * @param id what the names at the provider carry
 * @param provider without a password
 * @param providerName its name in its group; empty if it is in none
 * @param state {@code joining}, {@code ready} or {@code leaving}
 * @param position up to where the provider's log is applied; empty until the copy is done
 * @param readyLsn the position that makes it ready; empty until the copy is done
 */
public record Following(
        String id,
        NodeName name,
        Address provider,
        Optional<NodeName> providerName,
        long providerSystemIdentifier,
        String state,
        Optional<Lsn> position,
        Optional<Lsn> readyLsn) {
    /** Two seconds, at a tenth each. */
    private static final int RELEASE_ATTEMPTS = 20;

    /** What a provider that is in no group is called. */
    public static final NodeName PLAIN = new NodeName("provider");

    /** What a database says of itself; empty if it follows nobody. */
    public static Optional<Following> of(Session session) {
        if (!session.value(FollowSql.INSTALLED).equals("t")) {
            return Optional.empty();
        }
        return session.first(
                FollowSql.FOLLOWING,
                row ->
                        new Following(
                                row.text(1),
                                new NodeName(row.text(2)),
                                Address.parse(row.text(5)),
                                row.maybe(6).map(NodeName::new),
                                row.number(7),
                                row.text(8),
                                row.maybe(9).map(Lsn::parse),
                                row.maybe(10).map(Lsn::parse)));
    }

    /** A follower as the node that feeds it knows it. */
    public record Known(String id, NodeName name, Address address) {}

    /** The followers that a node feeds. */
    public static List<Known> followersOf(Session node) {
        return node.query(
                FollowSql.FOLLOWERS,
                row ->
                        new Known(
                                row.text(1),
                                new NodeName(row.text(2)),
                                Address.parse(row.text(3))));
    }

    /** What the provider is called. */
    public NodeName source() {
        return providerName.orElse(PLAIN);
    }

    /** The slot at the provider. */
    public String slot() {
        return ObjectNames.follow(id, name.text());
    }

    /** The publications at the provider. */
    public List<String> publications() {
        return List.of(
                ObjectNames.follow(id, name.text()), ObjectNames.followInserts(id, name.text()));
    }

    /** The tables that a follower follows. */
    static List<TableName> tables(Session follower) {
        return follower.query(FollowSql.TABLES, row -> new TableName(row.text(1), row.text(2)));
    }

    /**
     * Ends a following on both sides: the follower becomes a plain database that keeps its rows,
     * and nothing stays at the provider. Idempotent.
     *
     * @throws PgError if the provider cannot be reached, and then nothing is done
     */
    public static void leave(Session follower) {
        Optional<Following> found = of(follower);
        if (found.isEmpty()) {
            return;
        }
        Following following = found.get();
        try (Session provider = Session.open(following.provider, "pgchorus leave")) {
            // Its daemon lets the slot go, instead of taking it again and again.
            follower.update(FollowSql.BE, "leaving");
            following.awaitRelease(provider);
            following.clearProvider(provider);
        } catch (PgError.Busy e) {
            throw PgError.busy(
                    ("the provider of %s cannot be reached, and its slot %s there would keep its"
                                    + " log for ever: %s")
                            .formatted(following.name, following.slot(), e.getMessage()));
        }
        strip(follower);
    }

    /**
     * What {@code node remove} does with a follower.
     *
     * @param force also if the provider cannot be reached
     */
    static Leaver.Left removed(Session follower, Following following, boolean force) {
        List<String> done = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        try {
            leave(follower);
            done.add("slot %s and publications at the provider".formatted(following.slot()));
        } catch (PgError.Busy e) {
            if (!force) {
                throw PgError.busy(
                        e.getMessage() + "; if the provider is gone for good, say --force");
            }
            notes.add(
                    ("the provider could not be reached; if it comes back, there: SELECT"
                                    + " pg_drop_replication_slot('%s'); DROP PUBLICATION %s")
                            .formatted(
                                    following.slot(), String.join(", ", following.publications())));
            strip(follower);
        }
        done.add("schema pgchorus");
        return new Leaver.Left(Optional.of(following.name().text()), Optional.empty(), done, notes);
    }

    /** A follower and a node of one group do not share a name, nor do two followers. */
    static void refuseName(Session node, NodeName name) {
        for (Known known : fed(node)) {
            if (known.name.equals(name)) {
                throw PgError.refused(
                        "the group has a follower %s already, at %s; choose another name"
                                .formatted(name, known.address.text()));
            }
        }
    }

    private static List<Known> fed(Session node) {
        return node.value(FollowSql.KNOWS_FOLLOWERS).equals("t") ? followersOf(node) : List.of();
    }

    /** Before a node becomes plain: its followers would stop. */
    static void refuseFed(Session node, Identity identity) {
        List<Known> fed = fed(node);
        if (!fed.isEmpty()) {
            throw PgError.refused(
                    "node %s feeds followers: %s; cure: %s first, or --force: they stop for good"
                            .formatted(
                                    identity.name(),
                                    String.join(
                                            ", ", fed.stream().map(k -> k.name().text()).toList()),
                                    String.join(
                                            ", ",
                                            fed.stream()
                                                    .map(k ->
                                                            "pgchorus node remove "
                                                                    + k.address().text())
                                                    .toList())));
        }
    }

    /** Drops what a node's followers have there; returns what that was. */
    static List<String> dropFed(Session node) {
        List<String> dropped = new ArrayList<>();
        for (Known known : fed(node)) {
            String slot = ObjectNames.follow(known.id, known.name.text());
            Installer.dropSlot(node, slot);
            node.execute(FollowSql.unpublish(slot));
            node.execute(
                    FollowSql.unpublish(ObjectNames.followInserts(known.id, known.name.text())));
            dropped.add("slot %s of follower %s".formatted(slot, known.name));
        }
        return dropped;
    }

    /** Gives the daemon a moment to notice; if there is none, nobody reads the slot. */
    private void awaitRelease(Session provider) {
        for (int attempt = 0; attempt < RELEASE_ATTEMPTS; attempt++) {
            boolean read =
                    provider.first(FollowSql.SLOT, row -> row.truth(4), slot()).orElse(false);
            if (!read) {
                return;
            }
            provider.value("SELECT pg_catalog.pg_sleep(0.1)");
        }
    }

    /** Takes everything away from the provider's side. */
    void clearProvider(Session provider) {
        provider.execute(FollowSql.WRITABLE);
        Installer.dropSlot(provider, slot());
        for (String publication : publications()) {
            provider.execute(FollowSql.unpublish(publication));
        }
        if (provider.value(MemberSql.INSTALLED).equals("t")) {
            provider.update(FollowSql.FORGET_FOLLOWER, id);
        }
    }

    /** The triggers go with their functions. */
    static void strip(Session follower) {
        follower.execute(Sql.script("remove.sql"));
    }
}
