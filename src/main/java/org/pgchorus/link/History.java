package org.pgchorus.link;

import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
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
            INSERT INTO pgchorus.conflict (schema_name, table_name, key, local, remote, type,
                resolution, policy, local_micros, local_node, remote_micros, remote_node,
                remote_xid, remote_lsn)
            VALUES (?, ?, %s, %s, %s, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
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
            Policy.Rule rule,
            Row local,
            Stamp localStamp,
            Row remote,
            Cause cause) {
        Image keyImage = new Image(sql.json(sql.keyColumns()), key);
        Image localImage = Image.of(sql, local);
        Image remoteImage = Image.of(sql, remote);
        target.update(
                RECORD.formatted(keyImage.sql, localImage.sql, remoteImage.sql),
                sql.table().name().schema(),
                sql.table().name().name(),
                keyImage.values,
                localImage.values,
                remoteImage.values,
                kind.sqlName(),
                resolution.sqlName(),
                rule.sqlName(),
                localStamp == null ? null : localStamp.micros(),
                localStamp == null ? null : localStamp.node(),
                cause.stamp.micros(),
                cause.stamp.node(),
                Integer.toUnsignedLong(cause.xid),
                cause.sourceCommitLsn);
        recorded++;
    }

    /** A row as a JSON expression and its parameters; large values not sent are left out. */
    private record Image(String sql, List<String> values) {
        static Image of(RowSql sql, Row row) {
            List<Integer> here = new ArrayList<>();
            List<String> values = new ArrayList<>();
            for (int i = 0; row != null && i < row.size(); i++) {
                if (!row.isUnchanged(i)) {
                    here.add(i);
                    values.add(row.text(i).orElse(null));
                }
            }
            return here.isEmpty()
                    ? new Image("NULL", List.of())
                    : new Image(sql.json(here), values);
        }
    }
}
