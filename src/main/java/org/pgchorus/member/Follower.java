package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.config.TablePattern;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pg.SlotSnapshot;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.Sql;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;

/**
 * Makes a database a follower while everybody writes.
 *
 * <p>Exact by PostgreSQL's own means: the slot and the snapshot that rows are copied under begin at
 * the same moment. A failure takes back everything that was made. One thread calls; copying threads
 * come from the factory given.
 */
public final class Follower implements AutoCloseable {
    private static final String NAME = "pgchorus follow";

    private final FollowRequest request;
    private final JoinProgress progress;
    private final ThreadFactory threads;
    private final Session provider;
    private final Session follower;
    private final Optional<Identity> node;
    private final String id;
    private final String slot;
    private final String inserts;
    private List<Followed> tables = List.of();
    private List<String> schemaMade = List.of();
    private boolean copied;

    /** Connects to both. */
    public Follower(FollowRequest request, JoinProgress progress, ThreadFactory threads) {
        this.request = request;
        this.progress = progress;
        this.threads = threads;
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        id = HexFormat.of().formatHex(random);
        slot = ObjectNames.follow(id, request.node().name().text());
        inserts = ObjectNames.followInserts(id, request.node().name().text());
        follower = Session.open(request.node().address(), NAME);
        try {
            provider = Session.open(request.via(), NAME);
        } catch (RuntimeException e) {
            follower.close();
            throw e;
        }
        try {
            node = Identity.of(provider);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public void close() {
        provider.close();
        follower.close();
    }

    /** What would be done, a line each; changes nothing. */
    public List<String> plan() {
        examine();
        List<String> steps = new ArrayList<>();
        steps.add(
                "follow %s%s, slot %s"
                        .formatted(
                                request.via().text(),
                                node.map(n ->
                                                " (node %s of group %s)"
                                                        .formatted(n.name(), n.groupId()))
                                        .orElse(" (in no group)"),
                                slot));
        if (request.copySchema()) {
            steps.add("copy the schema");
        }
        String verb = request.copyData() ? "copy and follow " : "follow ";
        tables.forEach(table -> steps.add(verb + table.line()));
        return steps;
    }

    /** Does it all, up to where the stream can start; the daemon does the rest. */
    public void follow() throws InterruptedException {
        lock();
        clearBrokenOff();
        examine();
        boolean begun = false;
        try {
            if (request.copySchema()) {
                progress.step("copying the schema");
                schemaMade = SchemaCopy.copy(provider, request.via(), request.node().address());
                dropLeftOut();
            }
            progress.step("preparing follower " + request.node().name());
            prepareFollower();
            begun = true;
            prepareProvider();
            copy();
        } catch (RuntimeException | InterruptedException e) {
            progress.step("failed; taking back what was made");
            try {
                undo(begun);
            } catch (RuntimeException undoing) {
                e.addSuppressed(undoing);
            }
            throw e;
        }
    }

    private void lock() {
        List<Session> both = node.isPresent() ? List.of(follower, provider) : List.of(follower);
        both.forEach(MembershipLock::take);
    }

    /** Nobody else is at work here, so what has no position yet was broken off. */
    private void clearBrokenOff() {
        Optional<Following> left =
                Following.of(follower)
                        .filter(f -> f.position().isEmpty())
                        .filter(f -> f.name().equals(request.node().name()));
        if (left.isPresent()) {
            progress.step("taking away what an earlier attempt left, but for tables and rows");
            Following.leave(follower);
        }
    }

    private void examine() {
        progress.step("examining " + request.node().address().text());
        Following.of(provider)
                .ifPresent(following -> {
                    throw PgError.refused(
                            ("%s is itself a follower, %s of %s, and a follower of a follower would"
                                            + " lose its place when that one is made anew: follow"
                                            + " %s instead")
                                    .formatted(
                                            request.via().text(),
                                            following.name(),
                                            following.source(),
                                            following.provider().text()));
                });
        Group.refuseMember(follower, request.node());
        nameIsFree();
        tables = select();
        Finding.requireNone(new FollowExaminer(request, provider, follower).examine(tables));
    }

    private void nameIsFree() {
        NodeName name = request.node().name();
        if (node.isEmpty()) {
            if (name.equals(Following.PLAIN)) {
                throw PgError.refused("a follower cannot be called %s".formatted(name));
            }
            return;
        }
        for (Member member : Member.all(provider)) {
            if (member.name().equals(name)) {
                throw PgError.refused(
                        "the group has a node %s already, at %s; choose another name"
                                .formatted(name, member.address().text()));
            }
            if (member.id() == node.get().nodeId()) {
                if (!member.ready()) {
                    throw PgError.refused(
                            "node %s has not all rows yet; wait until it is ready"
                                    .formatted(member.name()));
                }
                Following.refuseName(provider, name);
            } else {
                try (Session other = Session.open(member.address(), NAME)) {
                    Following.refuseName(other, name);
                } catch (PgError.Busy e) {
                    progress.step(
                            "node %s cannot be asked for followers called %s: %s"
                                    .formatted(member.name(), name, e.getMessage()));
                }
            }
        }
    }

    private List<Followed> select() {
        List<TableName> all = Catalog.userTables(provider);
        List<TableName> ofGroup = node.isPresent() ? Catalog.published(provider) : all;
        List<TablePattern> patterns = request.patterns();
        for (TablePattern pattern : patterns) {
            if (!pattern.excludes() && all.stream().noneMatch(pattern::matches)) {
                throw PgError.refused(
                        "no table at %s matches %s".formatted(request.via().text(), pattern));
            }
        }
        boolean anyIncluding = patterns.stream().anyMatch(p -> !p.excludes());
        List<TableName> chosen =
                (anyIncluding ? all : ofGroup)
                        .stream().filter(t -> TablePattern.selects(patterns, t)).toList();
        Map<TableName, String> filters = named(request.filters(), chosen, "--where");
        Map<TableName, List<String>> columns = named(request.columns(), chosen, "--columns");
        List<Followed> selected = new ArrayList<>();
        for (TableName name : chosen) {
            Catalog.Described described = Catalog.describe(provider, name).orElseThrow();
            Table table = described.table();
            boolean sendsAll =
                    described.identity() == 'f'
                            || described.identity() != 'n' && table.hasKey()
                            || ofGroup.contains(name) && node.isPresent();
            selected.add(
                    new Followed(
                            table,
                            Optional.ofNullable(filters.get(name)),
                            columns.getOrDefault(name, List.of()),
                            !sendsAll));
        }
        return selected;
    }

    private static <T> Map<TableName, T> named(
            Map<String, T> given, List<TableName> chosen, String option) {
        Map<TableName, T> byTable = new TreeMap<>();
        given.forEach((text, value) -> {
            TablePattern pattern = TablePattern.parse(text);
            List<TableName> matches = chosen.stream().filter(pattern::matches).toList();
            if (matches.size() != 1) {
                throw PgError.refused(
                        "%s %s: %s"
                                .formatted(
                                        option,
                                        text,
                                        matches.isEmpty()
                                                ? "no such table is followed"
                                                : "that is not one table but " + matches));
            }
            byTable.put(matches.getFirst(), value);
        });
        return byTable;
    }

    private void dropLeftOut() {
        for (Followed table : tables) {
            for (String column : table.leftOut()) {
                try {
                    follower.execute(FollowSql.dropColumn(table.name(), column));
                } catch (PgError.Refused e) {
                    throw PgError.refused(
                            ("column %s of table %s, which --columns leaves out, cannot be dropped"
                                            + " from the copied schema: %s; create the tables"
                                            + " yourself and use --schema existing")
                                    .formatted(column, table.name(), e.getMessage()),
                            e);
                }
            }
        }
    }

    private void prepareFollower() {
        follower.inTransaction(() -> {
            follower.execute(Sql.script("follow.sql"));
            follower.update(
                    FollowSql.BECOME,
                    id,
                    request.node().name(),
                    request.via().withoutPassword().text(),
                    node.map(Identity::name).orElse(null),
                    provider.value(FollowSql.SYSTEM));
            for (Followed table : tables) {
                follower.update(
                        FollowSql.ADD_TABLE,
                        table.name().schema(),
                        table.name().name(),
                        table.filter().orElse(null),
                        table.columns().toArray(String[]::new),
                        table.insertsOnly());
                Catalog.describe(follower, table.name())
                        .ifPresent(here ->
                                follower.execute(
                                        FollowSql.triggers(here.table(), here.inherits())));
            }
            return 0;
        });
    }

    /** The publications, and what the provider knows of us if it is a node. */
    private void prepareProvider() {
        provider.inTransaction(() -> {
            provider.execute(FollowSql.publish(slot, published(false), false));
            provider.execute(FollowSql.publish(inserts, published(true), true));
            if (!request.filters().isEmpty()) {
                requireFiltersByKey();
            }
            if (node.isPresent()) {
                provider.update(
                        FollowSql.ADD_FOLLOWER,
                        id,
                        request.node().name(),
                        request.node().address().withoutPassword().text());
            }
            return 0;
        });
    }

    private List<FollowSql.Published> published(boolean insertsOnly) {
        return tables.stream()
                .filter(t -> t.insertsOnly() == insertsOnly)
                .map(Followed::published)
                .toList();
    }

    /** Otherwise PostgreSQL would refuse the provider's own updates and deletes from now on. */
    private void requireFiltersByKey() {
        List<String> others =
                provider.query(
                        FollowSql.FILTERED_BY_OTHERS,
                        row ->
                                ("--where of table %s uses the column %s, which is not in its key:"
                                                + " the provider could not say which rows leave"
                                                + " the filter; cure: ALTER TABLE %s REPLICA"
                                                + " IDENTITY FULL at the provider, or filter by the"
                                                + " key")
                                        .formatted(
                                                new TableName(row.text(1), row.text(2)),
                                                row.text(3),
                                                Sql.name(new TableName(row.text(1), row.text(2)))),
                        slot);
        if (!others.isEmpty()) {
            throw PgError.refused(String.join("\n", others));
        }
    }

    private void copy() throws InterruptedException {
        progress.step(
                "creating slot %s; open transactions there have to end first".formatted(slot));
        try (SlotSnapshot begin = SlotSnapshot.create(request.via(), NAME, slot)) {
            if (request.copyData()) {
                copied = true;
                Address to = request.node().address();
                new FollowCopier(request.via(), to, begin.snapshot(), progress)
                        .copy(tables, request.jobs(), threads);
                Takeover.sequences(provider, follower);
            }
            Lsn ready = Lsn.parse(provider.value(MemberSql.INSERT_POSITION));
            follower.inTransaction(() -> {
                follower.update(FollowSql.READY_AT, ready);
                return follower.update(FollowSql.START_AT, begin.startLsn());
            });
        }
        if (request.copyData()) {
            tables.forEach(table -> follower.execute("ANALYZE " + Sql.name(table.name())));
        }
        progress.step("follower %s has its rows".formatted(request.node().name()));
    }

    /** Takes back everything; each step works whether or not the one it undoes was done. */
    private void undo(boolean begun) {
        provider.rollback();
        follower.rollback();
        if (begun) {
            Following.of(follower).ifPresent(following -> following.clearProvider(provider));
            Following.strip(follower);
        }
        if (request.copySchema()) {
            SchemaCopy.takeBack(follower, schemaMade);
        } else if (copied && !tables.isEmpty()) {
            follower.execute(CopySql.empty(tables.stream().map(Followed::name).toList()));
        }
    }
}
