package org.pgchorus.link;

import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;

/** Writes the conflict history, in the transaction that decides. One thread, the session's. */
final class History {
    private static final String RECORD =
            """
            INSERT INTO pgchorus.conflict (schema_name, table_name, key, type, resolution, policy,
                local, remote, local_micros, local_node, remote_micros, remote_node, remote_xid,
                remote_lsn)
            VALUES (?, ?, json_object(?::text[], ?::text[]), ?, ?, 'last_update_wins',
                json_object(?::text[], ?::text[]), json_object(?::text[], ?::text[]), ?, ?, ?, ?,
                ?, ?)\
            """;

    private final Session target;
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

    /** One meeting of two versions. Null rows and stamps stand for what is not there. */
    void record(
            RowSql sql,
            List<String> key,
            Kind kind,
            Resolution resolution,
            Row local,
            Stamp localStamp,
            Row remote,
            Cause cause) {
        Image localImage = Image.of(sql, local);
        Image remoteImage = Image.of(sql, remote);
        target.update(
                RECORD,
                sql.table().name().schema(),
                sql.table().name().name(),
                sql.table().key().toArray(new String[0]),
                key.toArray(new String[0]),
                kind.sqlName(),
                resolution.sqlName(),
                localImage.names,
                localImage.values,
                remoteImage.names,
                remoteImage.values,
                localStamp == null ? null : localStamp.micros(),
                localStamp == null ? null : localStamp.node(),
                cause.stamp.micros(),
                cause.stamp.node(),
                Integer.toUnsignedLong(cause.xid),
                cause.sourceCommitLsn);
        recorded++;
    }

    /** A row as two arrays; large values that were not sent are left out. */
    private record Image(String[] names, String[] values) {
        static Image of(RowSql sql, Row row) {
            if (row == null) {
                return new Image(null, null);
            }
            List<String> names = new ArrayList<>();
            List<String> values = new ArrayList<>();
            List<String> columns = sql.columnNames();
            for (int i = 0; i < columns.size(); i++) {
                if (!row.isUnchanged(i)) {
                    names.add(columns.get(i));
                    values.add(row.text(i).orElse(null));
                }
            }
            return new Image(names.toArray(new String[0]), values.toArray(new String[0]));
        }
    }
}
