package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CombineSql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Asks the SQL function of a policy what becomes of two rows of one key. An error of the function
 * is the change's failure: it holds the table.
 *
 * <p>One thread, the session's.
 */
final class Combiner {
    private static final String META =
            """
            SELECT pg_catalog.jsonb_build_object(
                'local_time', CASE WHEN v.lt > 0 THEN pgchorus.instant(v.lt) END,
                'local_node', (SELECT name FROM pgchorus.member WHERE id = v.ln),
                'remote_time', pgchorus.instant(v.rt),
                'remote_node', (SELECT name FROM pgchorus.member WHERE id = v.rn),
                'key', v.k)
            FROM (VALUES (?::bigint, ?::int, ?::bigint, ?::int, ?::text[])) v (lt, ln, rt, rn, k)\
            """;

    private final Session target;

    Combiner(Session target) {
        this.target = target;
    }

    /**
     * The function's row, in the source's column order; empty if it answered NULL.
     *
     * @throws PgError.Refused if the row is one of another key
     */
    Optional<Row> ask(
            RowSql sql,
            String function,
            List<String> key,
            Row local,
            Stamp localStamp,
            Row remote,
            Stamp remoteStamp) {
        String meta =
                target.value(
                        META,
                        localStamp.micros(),
                        localStamp.node(),
                        remoteStamp.micros(),
                        remoteStamp.node(),
                        key.toArray(new String[0]));
        int columns = sql.columnNames().size();
        return target.first(
                        CombineSql.ask(sql, function),
                        answer -> {
                            List<String> texts = new ArrayList<>();
                            for (int i = 0; i < columns; i++) {
                                texts.add(answer.text(i + 2));
                            }
                            if (answer.truth(1)) {
                                return Optional.<Row>empty();
                            }
                            if (!answer.truth(columns + 2)) {
                                throw otherKey(sql, function, key);
                            }
                            return Optional.of(Row.ofTexts(texts));
                        },
                        key,
                        CombineSql.parameters(sql, local),
                        CombineSql.parameters(sql, remote),
                        meta)
                .orElseThrow();
    }

    private static PgError otherKey(RowSql sql, String function, List<String> key) {
        return PgError.refused(
                ("function %s made a row with another key of the two rows of table %s under key"
                                + " %s: it has to leave the key as it is")
                        .formatted(function, sql.table().name(), key));
    }
}
