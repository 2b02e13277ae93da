package org.pgchorus.link;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Window;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExchangeSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.RowSql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Brings versions from one database to another by their stamps: what is in a {@link Window} is read
 * under one snapshot of the source and merged at the target, where the higher stamp stands.
 *
 * <p>What is written there keeps its true stamp and does not travel. It may be done again, and
 * while clients write and links apply. Small transactions; what meets a lock or a deadlock is tried
 * again.
 *
 * <p>One thread.
 */
public final class Exchange implements AutoCloseable {
    /** Rows merged in one transaction: few enough to hold no lock for long. */
    private static final int BATCH_ROWS = 200;

    /** Keys looked for in one question. */
    private static final int BATCH_KEYS = 1000;

    /** How long to try again what somebody else's locks prevent. */
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

    private static final long PAUSE_MILLIS = 50;

    private final Session source;
    private final Address there;
    private final OwnSession target;
    private final Versions versions;
    private final Map<TableName, Policy> policies;
    private final Snapshot snapshot;
    private Optional<Window> beyondSource = Optional.empty();
    private long merged;

    /**
     * What the source's snapshot shows.
     *
     * @param visible its transactions, a {@code pg_snapshot} as text
     * @param sourceEndLsn past their commits
     * @param nowMicros the source's clock
     */
    public record Snapshot(String visible, Lsn sourceEndLsn, long nowMicros) {}

    /**
     * Connects, and takes the snapshot of the source.
     *
     * @param toId the target's node id
     */
    public Exchange(Address from, Address to, int toId, String groupId) {
        source = Session.open(from, "pgchorus");
        there = to;
        target = OwnSession.ofExchange(to, groupId, toId);
        try {
            versions = new Versions(source);
            policies = Catalog.policies(target.session());
            source.begin();
            source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            snapshot =
                    source.first(
                                    MemberSql.EXPORT_SNAPSHOT,
                                    row ->
                                            new Snapshot(
                                                    row.text(2),
                                                    row.lsn(3),
                                                    Long.parseLong(source.value(MemberSql.NOW))))
                            .orElseThrow();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The moment of the source that is read. */
    public Snapshot snapshot() {
        return snapshot;
    }

    /** A session on the source that sees the snapshot. */
    public Session source() {
        return source;
    }

    /**
     * The target was put back: the source may have forgotten what was added to delta columns, since
     * it thought that all had it, so its values count as they are.
     *
     * @param window what the target may know that the source does not
     */
    public void trustValuesBut(Window window) {
        beyondSource = Optional.of(window);
    }

    /**
     * Removes what the target still holds although it was deleted so long ago that nobody keeps the
     * tombstone: versions that the source has had, and has no more.
     *
     * @param had whether the source has had a version, at the moment of its snapshot
     * @return how many rows went
     */
    public long forget(TableName name, Predicate<Stamp> had) {
        merged = 0;
        Table from = describe(source, name);
        Table to = describe(target.session(), name);
        if (!to.hasKey()) {
            return 0;
        }
        String unknown = new ExchangeSql(from).unknownKeys();
        VersionMerger merger =
                new VersionMerger(target, to, policies.getOrDefault(name, Policy.DEFAULT));
        try (Session reading = Session.open(there, "pgchorus")) {
            reading.begin();
            new Versions(reading)
                    .each(
                            new ExchangeSql(to).keys(),
                            BATCH_KEYS,
                            Versions::grave,
                            some -> forget(merger, unknown, some, had));
        }
        return merged;
    }

    private void forget(
            VersionMerger merger, String unknown, List<Versions.Grave> some, Predicate<Stamp> had) {
        Map<List<String>, Stamp> known = new HashMap<>();
        some.stream().filter(g -> had.test(g.stamp())).forEach(g -> known.put(g.key(), g.stamp()));
        if (known.isEmpty()) {
            return;
        }
        List<Versions.Grave> gone =
                source.query(
                        unknown,
                        row -> new Versions.Grave(row.texts(1), known.get(row.texts(1))),
                        (Object)
                                known.keySet().stream()
                                        .map(Exchange::array)
                                        .toArray(String[]::new));
        inBatch(merger, gone, _ -> Stamp.UNKNOWN, g -> merger.forget(g.key(), g.stamp()));
    }

    /** An array's text form. */
    private static String array(List<String> values) {
        return values.stream()
                .map(v -> '"' + v.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
    }

    @Override
    public void close() {
        source.abort();
        target.close();
    }

    /**
     * Brings what is in a window of one table; it must exist at both ends.
     *
     * @return how many versions were news to the target
     */
    public long bring(TableName name, Window window) throws InterruptedException {
        merged = 0;
        Table from = describe(source, name);
        Table to = describe(target.session(), name);
        ExchangeSql sql = new ExchangeSql(from);
        VersionMerger merger =
                new VersionMerger(target, to, policies.getOrDefault(name, Policy.DEFAULT));
        if (from.hasKey() != to.hasKey()) {
            throw PgError.refused(
                    "table %s has a key at one of %s and %s only"
                            .formatted(name, source.where(), target.session().where()));
        }
        graves(sql, merger, window);
        if (!from.hasKey()) {
            new KeylessRows(versions, target, from, to, window)
                    .each((row, stamp, missing) -> appended(merger, from, row, stamp, missing));
        } else if (merger.counts()) {
            counted(from, sql, merger, window);
        } else {
            rows(from, sql, merger, window);
        }
        return merged;
    }

    private static Table describe(Session session, TableName name) {
        return Catalog.describe(session, name)
                .orElseThrow(() ->
                        PgError.refused(
                                "table %s is missing at %s; create it, and try again"
                                        .formatted(name, session.where())))
                .table();
    }

    private void graves(ExchangeSql sql, VersionMerger merger, Window window) {
        versions.each(
                sql.graves(window),
                BATCH_ROWS,
                Versions::grave,
                graves ->
                        inBatch(
                                merger,
                                graves,
                                Versions.Grave::stamp,
                                grave ->
                                        grave.key().isEmpty()
                                                ? merger.empty(grave.stamp())
                                                : merger.erase(grave.key(), grave.stamp())));
    }

    private void rows(Table from, ExchangeSql sql, VersionMerger merger, Window window) {
        RowSql source = RowSql.of(from);
        List<String> columns = source.columnNames();
        RowSql there = merger.statements(columns);
        versions.each(
                sql.rows(window),
                BATCH_ROWS,
                row -> Versions.live(row, columns.size()),
                live ->
                        inBatch(
                                merger,
                                live,
                                Versions.Live::stamp,
                                row -> merger.write(there, row.row(), row.stamp())));
        versions.each(
                sql.displaced(window),
                BATCH_ROWS,
                Versions::displaced,
                displaced ->
                        inBatch(
                                merger,
                                displaced,
                                Displaced::stamp,
                                row -> merger.write(of(merger, row), whole(row), row.stamp())));
    }

    private static List<String> columns(Displaced displaced) {
        return List.copyOf(displaced.image().keySet());
    }

    private static RowSql of(VersionMerger merger, Displaced displaced) {
        return merger.statements(columns(displaced));
    }

    private static Row whole(Displaced displaced) {
        return displaced.row(columns(displaced));
    }

    private void counted(Table from, ExchangeSql sql, VersionMerger merger, Window window) {
        RowSql there = merger.statements(RowSql.of(from).columnNames());
        Optional<VersionMerger.Unknown> unknown =
                beyondSource.map(w -> new VersionMerger.Unknown(w, key -> entries(sql, key, w)));
        versions.each(
                unknown.isPresent() ? sql.allKeys() : sql.deltaKeys(window),
                BATCH_ROWS,
                row -> row.texts(1),
                keys ->
                        inBatch(
                                merger,
                                keys.stream()
                                        .map(k -> known(sql, merger, there, k, window))
                                        .toList(),
                                VersionMerger.Known::stamp,
                                k -> merger.count(k, window, unknown)));
    }

    private List<VersionMerger.Entry> entries(ExchangeSql sql, List<String> key, Window window) {
        return source.query(sql.entriesOfKey(window), VersionMerger.Entry::of, key, key);
    }

    private VersionMerger.Known known(
            ExchangeSql sql, VersionMerger merger, RowSql there, List<String> key, Window window) {
        int columns = there.columnNames().size();
        List<VersionMerger.Entry> entries = entries(sql, key, window);
        Optional<Versions.Live> live =
                source.first(sql.row, row -> Versions.live(row, columns), key);
        Optional<Displaced> displaced =
                live.isPresent()
                        ? Optional.empty()
                        : source.first(sql.displacedOfKey, Versions::displaced, key, key);
        return displaced
                .map(d ->
                        new VersionMerger.Known(
                                of(merger, d),
                                key,
                                Optional.of(new Versions.Live(whole(d), d.stamp())),
                                entries))
                .orElseGet(() -> new VersionMerger.Known(there, key, live, entries));
    }

    /** Rows of a table without a key get their stamp from their transaction: one for each stamp. */
    private void appended(VersionMerger merger, Table from, Row row, Stamp stamp, int missing) {
        RowSql there = merger.statements(RowSql.of(from).columnNames());
        inBatch(
                merger,
                List.of(stamp),
                s -> s,
                _ -> {
                    boolean added = false;
                    for (int i = 0; i < missing; i++) {
                        added |= merger.append(there, row, stamp);
                    }
                    target.session()
                            .query(LinkSql.STAMP, answer -> 0, Stamp.instantOf(stamp.micros()));
                    return added;
                });
    }

    /** Deals with one thing in the transaction that is open; says whether it was news. */
    private interface Merging<T> {
        boolean merge(T one);
    }

    /** Merges some versions in one transaction, once the target's clock has passed them all. */
    private <T> void inBatch(
            VersionMerger merger,
            List<T> batch,
            java.util.function.Function<T, Stamp> stamped,
            Merging<T> merging) {
        batch.stream()
                .map(stamped)
                .mapToLong(Stamp::micros)
                .max()
                .ifPresent(m -> CommitWait.await(target.session(), source.where(), m));
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                merged +=
                        target.session()
                                .inTransaction(() -> {
                                    merger.begin();
                                    return batch.stream().filter(merging::merge).count();
                                });
                return;
            } catch (PgError e) {
                if (!OwnSession.passes(e) || System.nanoTime() > deadline) {
                    throw e;
                }
                CommitWait.pause(PAUSE_MILLIS);
            }
        }
    }
}
