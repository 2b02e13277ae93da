package org.pgchorus.link;

import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes the conflict history, in the transaction that decides. One thread, the session's. */
final class History {
    private static final String RECORD =
            """
            INSERT INTO pgchorus.conflict (schema_name, table_name, key, local, remote, type,
                resolution, policy, local_micros, local_node, remote_micros, remote_node,
                remote_xid, remote_lsn)
            VALUES (?, ?, %s, %s, %s, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
            """;

    /** Parameters: schema and table, the policy; arrays as {@link #arrays} has them. */
    private static final String RECORD_ALL =
            """
            INSERT INTO pgchorus.conflict (schema_name, table_name, policy, key, local, remote,
                type, resolution, local_micros, local_node, remote_micros, remote_node,
                remote_xid, remote_lsn)
            SELECT ?, ?, ?, %s, %s, %s, v.type, v.resolution, v.local_micros::bigint,
                v.local_node::smallint, v.remote_micros::bigint, v.remote_node::smallint,
                v.remote_xid::bigint, v.remote_lsn::pg_lsn
            FROM unnest(%s) v(%s, type, resolution, local_micros, local_node, remote_micros,
                remote_node, remote_xid, remote_lsn)\
            """;

    private static final int COLUMNS_OF_MEETING = 8;

    /** Few tables have conflicts, and of few shapes each; more are a sign of changing tables. */
    private static final int KNOWN_FORMS = 500;

    private final Session target;
    private final Map<Form, String> statements = new HashMap<>();
    private long recorded;

    History(Session target) {
        this.target = target;
    }

    /** How many were recorded, of transactions that may yet roll back too. */
    long recorded() {
        return recorded;
    }

    /** The transaction a conflict came with. */
    record Cause(Stamp stamp, int xid, Lsn sourceCommitLsn) {}

    /**
     * One side of a meeting.
     *
     * @param sql the statements whose column order the row has
     * @param row null if there is none
     * @param stamp null if nothing stood there
     */
    record Side(RowSql sql, Row row, Stamp stamp) {}

    /** One meeting of two versions of a key. Null rows and stamps stand for what is not there. */
    void record(
            RowSql sql,
            List<String> key,
            Kind kind,
            Resolution resolution,
            Policy.Rule rule,
            Row local,
            Stamp localStamp,
            Row remote,
            Cause cause) {
        Side here = new Side(sql, local, localStamp);
        Side there = new Side(sql, remote, cause.stamp);
        write(sql, key, kind, resolution, rule, here, there, cause);
    }

    /**
     * Two whole versions of a row.
     *
     * @param here what stood here
     * @param there what came
     */
    record Meeting(
            Standing.Present here, Row there, Kind kind, Resolution resolution, Cause cause) {}

    /** Meetings of rows of one table, in which the last update won. */
    void recordAll(RowSql sql, List<Meeting> meetings) {
        if (meetings.isEmpty()) {
            return;
        }
        target.later(
                recordAll(sql),
                sql.table().name().schema(),
                sql.table().name().name(),
                Policy.Rule.LAST_UPDATE_WINS.sqlName(),
                arrays(sql, meetings));
        recorded += meetings.size();
    }

    private static String recordAll(RowSql sql) {
        int columns = sql.columnNames().size();
        List<Integer> all = IntStream.range(0, columns).boxed().toList();
        String names =
                IntStream.range(0, 2 * columns)
                        .mapToObj(i -> (i < columns ? "l" : "r") + i % columns)
                        .collect(Collectors.joining(", "));
        return RECORD_ALL.formatted(
                sql.json(sql.keyColumns(), i -> "v.r" + i),
                sql.json(all, i -> "v.l" + i),
                sql.json(all, i -> "v.r" + i),
                String.join(
                        ", ", Collections.nCopies(2 * columns + COLUMNS_OF_MEETING, "?::text[]")),
                names);
    }

    private static List<String[]> arrays(RowSql sql, List<Meeting> meetings) {
        List<String[]> arrays = new ArrayList<>();
        for (int i = 0; i < sql.columnNames().size(); i++) {
            int column = i;
            arrays.add(texts(meetings, m -> m.here.row().text(column).orElse(null)));
        }
        for (int i = 0; i < sql.columnNames().size(); i++) {
            int column = i;
            arrays.add(texts(meetings, m -> m.there.text(column).orElse(null)));
        }
        arrays.add(texts(meetings, m -> m.kind.sqlName()));
        arrays.add(texts(meetings, m -> m.resolution.sqlName()));
        arrays.add(texts(meetings, m -> Long.toString(m.here.written().micros())));
        arrays.add(texts(meetings, m -> Integer.toString(m.here.written().node())));
        arrays.add(texts(meetings, m -> Long.toString(m.cause.stamp.micros())));
        arrays.add(texts(meetings, m -> Integer.toString(m.cause.stamp.node())));
        arrays.add(texts(meetings, m -> Integer.toUnsignedString(m.cause.xid)));
        arrays.add(texts(meetings, m -> m.cause.sourceCommitLsn.toString()));
        return arrays;
    }

    private static String[] texts(List<Meeting> meetings, Function<Meeting, String> value) {
        return meetings.stream().map(value).toArray(String[]::new);
    }

    /** One meeting of two rows with different keys that clash; the key is the incoming one's. */
    void clash(
            RowSql sql,
            List<String> key,
            Kind kind,
            Resolution resolution,
            Side local,
            Side remote,
            Cause cause) {
        write(sql, key, kind, resolution, Policy.Rule.LAST_UPDATE_WINS, local, remote, cause);
    }

    private void write(
            RowSql sql,
            List<String> key,
            Kind kind,
            Resolution resolution,
            Policy.Rule rule,
            Side local,
            Side remote,
            Cause cause) {
        Image keyImage = new Image(sql, sql.keyColumns(), key);
        Image localImage = Image.of(local);
        Image remoteImage = Image.of(remote);
        target.later(
                statement(new Form(keyImage.shape(), localImage.shape(), remoteImage.shape())),
                sql.table().name().schema(),
                sql.table().name().name(),
                keyImage.values,
                localImage.values,
                remoteImage.values,
                kind.sqlName(),
                resolution.sqlName(),
                rule.sqlName(),
                local.stamp == null ? null : local.stamp.micros(),
                local.stamp == null ? null : local.stamp.node(),
                remote.stamp.micros(),
                remote.stamp.node(),
                Integer.toUnsignedLong(cause.xid),
                cause.sourceCommitLsn);
        recorded++;
    }

    /** What the statement depends on besides the values. */
    private record Form(Image.Shape key, Image.Shape local, Image.Shape remote) {}

    private String statement(Form form) {
        if (statements.size() >= KNOWN_FORMS) {
            statements.clear();
        }
        return statements.computeIfAbsent(
                form,
                f ->
                        RECORD.formatted(
                                f.key.expression(), f.local.expression(), f.remote.expression()));
    }

    /**
     * A row as a JSON expression and its parameters; large values not sent are left out.
     *
     * @param rows the statements whose column order the row has
     * @param places of the values in it; none stands for no row
     */
    record Image(RowSql rows, List<Integer> places, List<String> values) {
        static Image of(Side side) {
            Row row = side.row;
            List<Integer> here = new ArrayList<>();
            List<String> values = new ArrayList<>();
            for (int i = 0; row != null && i < row.size(); i++) {
                if (!row.isUnchanged(i)) {
                    here.add(i);
                    values.add(row.text(i).orElse(null));
                }
            }
            return new Image(side.sql, here, values);
        }

        String sql() {
            return shape().expression();
        }

        private Shape shape() {
            return new Shape(rows, places);
        }

        /** An image without its values. */
        private record Shape(RowSql rows, List<Integer> places) {
            String expression() {
                return places.isEmpty() ? "NULL" : rows.json(places);
            }
        }
    }
}
