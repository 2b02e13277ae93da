package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What a server's log says of transactions that were written elsewhere: when their writers
 * committed them, and when they were committed here.
 *
 * <p>A commit record holds both, to the microsecond, so nobody has to ask the server while it works
 * whether a row is there yet. Times are in microseconds since 1970.
 *
 * <p>Source: PostgreSQL manual, "pg_walinspect".
 */
final class CommitLog {
    private static final String COMMITS =
            """
            WITH commit AS (
                SELECT split_part(description, ';', 1)::timestamptz AS here,
                       substring(description FROM 'origin: node .*, at (.*)$')::timestamptz AS there
                FROM pg_get_wal_records_info(?::pg_lsn, ?::pg_lsn)
                WHERE resource_manager = 'Transaction' AND record_type = 'COMMIT')
            SELECT (extract(epoch FROM there) * 1000000)::bigint,
                   (extract(epoch FROM here) * 1000000)::bigint
            FROM commit WHERE there IS NOT NULL ORDER BY here DESC\
            """;

    /** From this version on a server can be asked. */
    static final int SINCE = 15;

    private CommitLog() {}

    private record Commit(long thereMicros, long hereMicros) {}

    /** Makes a server ready to be asked. */
    static void prepare(Databases databases) {
        for (Address server : List.of(databases.source("postgres"), databases.target("postgres"))) {
            Databases.run(server, List.of("CREATE EXTENSION IF NOT EXISTS pg_walinspect"));
        }
    }

    /**
     * How long rows of a table took, in microseconds, from their writer's commit to the target's.
     *
     * @param target any database of the target's server; it was made ready
     * @param firstId of rows that a {@link Pen} wrote at the source
     * @param endId before which the last one is
     * @throws PgError.Refused if one is not in the target's log between the two positions
     */
    static List<Long> delays(
            Direction direction,
            Address target,
            Lsn targetBeginLsn,
            Lsn targetEndLsn,
            String table,
            long firstId,
            long endId) {
        // A group is committed with the time of its latest: the next one that is not earlier.
        NavigableMap<Long, Long> arrivals = between(target, targetBeginLsn, targetEndLsn);
        List<Long> written = written(direction.source(), table, firstId, endId);
        long missing = written.stream().filter(at -> arrivals.ceilingKey(at) == null).count();
        if (missing > 0) {
            throw PgError.refused(
                    "%d of %d transactions are not in the target's log"
                            .formatted(missing, written.size()));
        }
        return written.stream().map(at -> arrivals.ceilingEntry(at).getValue() - at).toList();
    }

    /** By when their writers committed them, when transactions were committed at a server. */
    private static NavigableMap<Long, Long> between(Address server, Lsn beginLsn, Lsn endLsn) {
        try (Session session = Session.open(server, "pgchorus bench")) {
            NavigableMap<Long, Long> commits = new TreeMap<>();
            session.query(
                            COMMITS,
                            row -> new Commit(row.number(1), row.number(2)),
                            beginLsn,
                            endLsn)
                    .forEach(commit -> commits.put(commit.thereMicros, commit.hereMicros));
            return commits;
        }
    }

    private static List<Long> written(Address source, String table, long firstId, long endId) {
        try (Session session = Session.open(source, "pgchorus bench")) {
            return session.query(
                    """
                    SELECT (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint
                    FROM %s WHERE id >= ?::bigint AND id < ?::bigint AND id %% ? = ?\
                    """
                            .formatted(table),
                    row -> row.number(1),
                    firstId,
                    endId,
                    Pen.STEP,
                    firstId % Pen.STEP);
        }
    }
}
