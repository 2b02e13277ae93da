package org.pgchorus.link;

import org.pgchorus.pg.Parameters;
import org.pgchorus.pg.Pipeline;
import org.pgchorus.sql.BulkSql;
import org.pgchorus.sql.GroupSql;
import org.pgchorus.sql.RowSql;

import java.util.Arrays;
import java.util.Collections;
import java.util.stream.IntStream;

/** A table of the target whose rows may be changed in bulk, with its statements. One thread. */
final class BulkTable {
    final BulkSql sql;
    final int[] key;
    final Pipeline.Statement insert;
    final Pipeline.Statement insertOne;
    final Pipeline.Statement update;
    final Pipeline.Statement overwrite;
    final Pipeline.Statement delete;
    final Pipeline.Statement lookAfterInserts;
    final Pipeline.Statement lookForGraves;
    final Pipeline.Statement lookAfterChanges;
    final Pipeline.Statement noteStamps;

    private final long asOf;

    /** Whether tombstones were met, so that those of every key inserted have to be looked for. */
    private boolean hasGraves;

    /**
     * @param asOf as {@link TargetTables#asOf}
     */
    BulkTable(BulkSql sql, long asOf) {
        this.sql = sql;
        this.asOf = asOf;
        RowSql rows = sql.rows();
        key = rows.keyColumns().stream().mapToInt(Integer::intValue).toArray();
        insert = new Pipeline.Statement(sql.insert);
        int[] given = new int[rows.columnNames().size()];
        Arrays.fill(given, Parameters.GIVEN);
        insertOne = new Pipeline.Statement(sql.insertOne, given);
        update =
                new Pipeline.Statement(
                        sql.update,
                        types(
                                rows.columnNames().size(),
                                Parameters.TIMESTAMPTZ_ARRAY,
                                Parameters.TIMESTAMPTZ,
                                Parameters.OID,
                                Parameters.INT8));
        overwrite =
                new Pipeline.Statement(
                        sql.overwrite, types(rows.columnNames().size(), Parameters.INT8));
        delete =
                new Pipeline.Statement(
                        sql.delete,
                        types(
                                key.length,
                                Parameters.TIMESTAMPTZ_ARRAY,
                                Parameters.INT8_ARRAY,
                                Parameters.TIMESTAMPTZ,
                                Parameters.OID,
                                Parameters.INT8,
                                Parameters.INT2));
        lookAfterInserts = new Pipeline.Statement(sql.lookAfterInserts);
        lookForGraves =
                new Pipeline.Statement(
                        sql.lookForGraves,
                        types(
                                key.length,
                                Parameters.TIMESTAMPTZ_ARRAY,
                                Parameters.TIMESTAMPTZ,
                                Parameters.OID,
                                Parameters.INT2));
        lookAfterChanges = new Pipeline.Statement(sql.lookAfterChanges);
        noteStamps =
                rows.table().hasKey()
                        ? new Pipeline.Statement(
                                GroupSql.noteStamps(rows.table()),
                                types(key.length, Parameters.INT8_ARRAY, Parameters.INT2))
                        : null;
    }

    /** As many arrays of texts, then others. */
    private static int[] types(int texts, int... others) {
        return IntStream.concat(
                        Collections.nCopies(texts, Parameters.TEXT_ARRAY).stream()
                                .mapToInt(Integer::intValue),
                        Arrays.stream(others))
                .toArray();
    }

    /** The number of the last added column that is known to it. */
    long asOf() {
        return asOf;
    }

    boolean hasKey() {
        return key.length > 0;
    }

    boolean hasGraves() {
        return hasGraves && hasKey();
    }

    void metGraves() {
        hasGraves = true;
    }
}
