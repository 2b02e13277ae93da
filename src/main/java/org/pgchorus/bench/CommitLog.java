package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.Session;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a server's log says of transactions that were written elsewhere: when their writers
 * committed them, and when they were committed here.
 *
 * <p>A commit record holds both, to the microsecond, so nobody has to ask the server while it works
 * whether a row is there yet. From PostgreSQL 15 on.
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

    private CommitLog() {}

    private record Commit(long thereMicros, long hereMicros) {}

    /** Makes a server ready to be asked. */
    static void prepare(Databases databases) {
        for (Address server : List.of(databases.source("postgres"), databases.target("postgres"))) {
            Databases.run(server, List.of("CREATE EXTENSION IF NOT EXISTS pg_walinspect"));
        }
    }

    /**
     * When transactions were committed at a server, by when their writers committed them, both in
     * microseconds since 1970.
     *
     * @param server any database of it that was made ready
     */
    static Map<Long, Long> between(Address server, Lsn beginLsn, Lsn endLsn) {
        try (Session session = Session.open(server, "pgchorus bench")) {
            Map<Long, Long> commits = new HashMap<>();
            session.query(
                            COMMITS,
                            row -> new Commit(row.number(1), row.number(2)),
                            beginLsn,
                            endLsn)
                    .forEach(commit -> commits.put(commit.thereMicros, commit.hereMicros));
            return commits;
        }
    }
}
