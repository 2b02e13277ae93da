package org.pgchorus.sql;

import org.pgchorus.model.TableName;

/** Questions and orders about sequences: who counts how, and disjoint numbers for every node. */
public final class SequenceSql {
    /** The setting that says for how many nodes sequences are spread. */
    public static final String SETTING = "sequence_nodes";

    private SequenceSql() {}

    /**
     * Sequences and the columns they number, one row for each pair, and one for a sequence that
     * numbers none: schema, name, its column's table's schema, table, column, whether that takes
     * part, increment, start, minimum, the most that sequence and column hold, whether it begins
     * again.
     */
    public static final String ALL =
            """
            WITH numbered AS (
                SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum
                FROM pg_depend d
                JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                  AND d.deptype = 'i' AND a.attidentity <> ''
                UNION
                SELECT d.refobjid, f.adrelid, f.adnum
                FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid
                WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
                  AND pg_catalog.pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\\('
            )
            SELECT sn.nspname, s.relname, tn.nspname, t.relname, a.attname,
                   t.relkind = 'p' OR EXISTS (
                       SELECT FROM pg_publication_rel p JOIN pg_publication u ON u.oid = p.prpubid
                       WHERE u.pubname = 'pgchorus' AND p.prrelid = t.oid),
                   q.seqincrement, q.seqstart, q.seqmin,
                   least(q.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767
                                   WHEN 'int4'::regtype THEN 2147483647 ELSE q.seqmax END),
                   q.seqcycle
            FROM pg_sequence q
            JOIN pg_class s ON s.oid = q.seqrelid AND s.relpersistence <> 't'
            JOIN pg_namespace sn ON sn.oid = s.relnamespace
                 AND sn.nspname NOT IN ('pg_catalog', 'information_schema', 'pgchorus')
            LEFT JOIN numbered n ON n.sequence = s.oid
            LEFT JOIN pg_class t ON t.oid = n.relation
            LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = n.relation AND a.attnum = n.attnum
            ORDER BY 1, 2, 3, 4, a.attnum\
            """;

    /** Where a sequence stands: the number given out last, or the one that comes first. */
    public static String last(TableName sequence) {
        return "SELECT last_value, is_called FROM " + Sql.name(sequence);
    }

    /** The highest value of a column, null if it is empty or holds no whole numbers. */
    public static String highest(TableName table, String column) {
        return "SELECT max(%1$s)::bigint FROM %2$s WHERE pg_typeof(%1$s)::text ~ 'int'"
                .formatted(Sql.name(column), Sql.name(table));
    }

    /**
     * Clients must not queue behind us for long while we wait for theirs; what follows is ours
     * alone.
     */
    public static final String PATIENCE =
            "SET LOCAL lock_timeout = '1s'; SET LOCAL pgchorus.replicate_ddl = off";

    /** Has it count by so much; from here to the end of the transaction nobody draws a number. */
    public static String stride(TableName sequence, int increment) {
        return "ALTER SEQUENCE %s INCREMENT BY %d".formatted(Sql.name(sequence), increment);
    }

    /** Where it begins, also when a TRUNCATE lets it begin again, and what comes next. */
    public static String place(TableName sequence, long start, long next) {
        return "ALTER SEQUENCE %s START WITH %d RESTART WITH %d"
                .formatted(Sql.name(sequence), start, next);
    }

    /** Whether a relation is here; parameter: its quoted name. */
    public static final String EXISTS = "SELECT to_regclass(?) IS NOT NULL";

    /** For how many nodes sequences are spread, null if they are not. */
    public static final String SPREAD_FOR =
            "SELECT (SELECT value FROM pgchorus.setting WHERE name = '" + SETTING + "')";

    /** Spread sequences: schema, name, minimum; parameter: the increment. */
    public static final String SPREAD =
            """
            SELECT n.nspname, c.relname, q.seqmin
            FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE q.seqincrement = ?::bigint AND c.relpersistence <> 't'
              AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgchorus') ORDER BY 1, 2\
            """;
}
