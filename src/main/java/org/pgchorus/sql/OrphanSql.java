package org.pgchorus.sql;

import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.Table;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Statements about child rows whose parent is missing. Rows travel as JSON objects of their
 * columns; what counts as equal is what the foreign key itself counts as equal.
 */
public final class OrphanSql {
    private OrphanSql() {}

    /**
     * Enforced foreign keys between replicated tables, those of partitions only if they are their
     * own: schema, table, name, child partitioned, parent's schema and table, parent partitioned,
     * match type, with a period, child columns, parent columns, equalities, collations, whether the
     * child's columns take NULL, whether a DELETE of the parent is refused.
     *
     * <p>Columns that only later versions have are read through JSON.
     */
    public static final String FOREIGN_KEYS =
            """
            WITH published AS (
                SELECT r.prrelid FROM pg_publication_rel r
                JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = 'pgchorus'
            ), replicated AS (
                SELECT prrelid AS oid FROM published UNION
                SELECT a.relid::oid FROM published
                CROSS JOIN LATERAL pg_partition_ancestors(prrelid) AS a (relid)
            )
            SELECT cn.nspname, c.relname, k.conname, c.relkind = 'p', pn.nspname, p.relname,
                   p.relkind = 'p', k.confmatchtype,
                   coalesce((to_jsonb(k)->>'conperiod')::boolean, false),
                   u.mine, u.theirs, u.equal, u.collation, u.nullable, k.confdeltype IN ('a', 'r')
            FROM pg_constraint k
            JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
            JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
            CROSS JOIN LATERAL (
                SELECT array_agg(ca.attname::text ORDER BY m.place) AS mine,
                       array_agg(pa.attname::text ORDER BY m.place) AS theirs,
                       array_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname)
                                 ORDER BY m.place) AS equal,
                       array_agg(CASE WHEN l.oid IS NOT NULL AND ca.attcollation <> pa.attcollation
                                      THEN format(' COLLATE %I.%I', ln.nspname, l.collname)
                                      ELSE '' END ORDER BY m.place) AS collation,
                       array_agg((NOT ca.attnotnull AND ca.attgenerated = '')::text
                                 ORDER BY m.place) AS nullable
                FROM unnest(k.conkey, k.confkey, k.conpfeqop)
                     WITH ORDINALITY AS m (mine, theirs, operator, place)
                JOIN pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = m.mine
                JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = m.theirs
                JOIN pg_operator o ON o.oid = m.operator
                JOIN pg_namespace n ON n.oid = o.oprnamespace
                LEFT JOIN pg_collation l ON l.oid = pa.attcollation
                LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
            ) u
            WHERE k.contype = 'f' AND k.conparentid = 0
              AND coalesce((to_jsonb(k)->>'conenforced')::boolean, true)
              AND k.conrelid IN (SELECT oid FROM replicated)
              AND k.confrelid IN (SELECT oid FROM replicated)
            ORDER BY 1, 2, 3\
            """;

    /**
     * Orphans in the order of their keys: key, reference, whether the parent is only displaced, the
     * whole row. Parameter: how many at most.
     *
     * @param withRow whether the row is asked for; it is NULL otherwise
     */
    public static String find(ForeignKey fk, boolean withRow) {
        return """
        SELECT o.key, o.reference, o.displaced, o."row" FROM (\
        SELECT %s::text AS key, %s::text AS reference, %s AS displaced, %s AS "row" \
        FROM %s AS c WHERE %s AND NOT %s) o ORDER BY o.key COLLATE "C" LIMIT ?::bigint\
        """
                .formatted(
                        fk.child().hasKey()
                                ? object(fk.child().key(), "c")
                                : "pg_catalog.row_to_json(c.*)",
                        object(fk.pairs().stream().map(ForeignKey.Pair::child).toList(), "c"),
                        displaced(fk, "c"),
                        withRow ? "pg_catalog.row_to_json(c.*)::text" : "NULL",
                        child(fk),
                        refers(fk, "c"),
                        exists(fk, "c"));
    }

    /**
     * How one reference stands: whether it refers to something, whether that exists, whether it is
     * displaced. Parameter: the child's row.
     */
    public static String standing(ForeignKey fk) {
        return "SELECT %s, %s, %s FROM %s"
                .formatted(
                        refers(fk, "v"),
                        exists(fk, "v"),
                        displaced(fk, "v"),
                        given(fk.child(), "v"));
    }

    /** Locks a child that still refers as it did: its row. Parameter: the row as it was. */
    public static String lock(ForeignKey fk) {
        String same =
                fk.pairs().stream()
                        .map(p -> Sql.name(p.child()))
                        .map(c -> " AND c.%s IS NOT DISTINCT FROM v.%s".formatted(c, c))
                        .collect(Collectors.joining());
        return "SELECT pg_catalog.row_to_json(c.*)::text FROM %s AS c, %s WHERE %s FOR UPDATE OF c"
                .formatted(child(fk), given(fk.child(), "v"), sameKey(fk.child()) + same);
    }

    /** Deletes a child. Parameter: its row. */
    public static String remove(ForeignKey fk) {
        return "DELETE FROM %s AS c USING %s WHERE %s"
                .formatted(child(fk), given(fk.child(), "v"), sameKey(fk.child()));
    }

    /** Lets a child refer to nothing. Parameter: its row. */
    public static String setNull(ForeignKey fk) {
        return "UPDATE %s AS c SET %s FROM %s WHERE %s"
                .formatted(
                        child(fk),
                        fk.settable().stream()
                                .map(column -> Sql.name(column) + " = NULL")
                                .collect(Collectors.joining(", ")),
                        given(fk.child(), "v"),
                        sameKey(fk.child()));
    }

    /** The key of a child's row as an object. Parameter: the row. */
    public static String key(ForeignKey fk) {
        return "SELECT %s::text FROM %s"
                .formatted(
                        fk.child().hasKey()
                                ? object(fk.child().key(), "v")
                                : "pg_catalog.row_to_json(v.*)",
                        given(fk.child(), "v"));
    }

    /** Rows that refer to a parent. Parameter: the parent's row. */
    public static String children(ForeignKey fk) {
        return "SELECT pg_catalog.row_to_json(c.*)::text FROM %s AS c, %s WHERE %s FOR UPDATE OF c"
                .formatted(child(fk), given(fk.parent(), "p"), match(fk, "c"));
    }

    /**
     * The last image that is kept here of the parent: row, micros and node of the version, micros
     * and node of the write that ended it. Parameter: the child's row.
     */
    public static String image(ForeignKey fk) {
        String hash = refersToKey(fk) ? " AND i.hash = " + ImageSql.hash(parentKeyOf(fk), 0) : "";
        return """
        SELECT i."row"::text, coalesce(i.micros, pgchorus.micros(x.timestamp)), \
        coalesce(i.node, pgchorus.writer(x.roident)), pgchorus.micros(x.timestamp), \
        pgchorus.writer(x.roident) FROM %s CROSS JOIN pgchorus.parent_image i \
        CROSS JOIN LATERAL pg_catalog.json_populate_record(NULL::%s, i."row") p \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(i.xmin) x \
        WHERE i.relation = ANY (%s)%s AND %s AND x.timestamp IS NOT NULL \
        ORDER BY 2 DESC, 3 DESC, 4 DESC, 5 DESC LIMIT 1\
        """
                .formatted(
                        given(fk.child(), "v"),
                        Sql.name(fk.parent().name()),
                        tree(fk.parent()),
                        hash,
                        match(fk, "v"));
    }

    private static boolean refersToKey(ForeignKey fk) {
        List<String> referred = fk.pairs().stream().map(ForeignKey.Pair::parent).toList();
        return fk.parent().hasKey()
                && referred.size() == fk.parent().key().size()
                && referred.containsAll(fk.parent().key());
    }

    /** The referring values in the order and the types of the parent's key. */
    private static List<String> parentKeyOf(ForeignKey fk) {
        List<String> values = new ArrayList<>();
        for (String column : fk.parent().key()) {
            fk.pairs().stream()
                    .filter(pair -> pair.parent().equals(column))
                    .forEach(pair ->
                            values.add(
                                    "v.%s::%s"
                                            .formatted(
                                                    Sql.name(pair.child()),
                                                    KeySql.typeOf(fk.parent(), column))));
        }
        return values;
    }

    /**
     * Writes a parent again, unless it or its place is taken. Parameter: its row.
     *
     * @param columns those that the row has and that can be written
     */
    public static String restore(ForeignKey fk, List<String> columns) {
        return """
        INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %3$s \
        ON CONFLICT DO NOTHING\
        """
                .formatted(
                        Sql.name(fk.parent().name()), Sql.names(columns), given(fk.parent(), "v"));
    }

    private static String child(ForeignKey fk) {
        return (fk.childPartitioned() ? "" : "ONLY ") + Sql.name(fk.child().name());
    }

    private static String given(Table table, String alias) {
        return "pg_catalog.json_populate_record(NULL::%s, ?::json) AS %s"
                .formatted(Sql.name(table.name()), alias);
    }

    private static String object(List<String> columns, String alias) {
        return columns.stream()
                .map(c -> Sql.literal(c).strip() + ", " + alias + "." + Sql.name(c))
                .collect(Collectors.joining(", ", "pg_catalog.json_build_object(", ")"));
    }

    private static String sameKey(Table table) {
        return table.key().stream()
                .map(Sql::name)
                .map(column -> "c." + column + " = v." + column)
                .collect(Collectors.joining(" AND "));
    }

    /** Whether a row refers to something: all columns are set, or with MATCH FULL any. */
    private static String refers(ForeignKey fk, String row) {
        return fk.pairs().stream()
                .map(pair -> row + "." + Sql.name(pair.child()) + " IS NOT NULL")
                .collect(Collectors.joining(fk.matchFull() ? " OR " : " AND ", "(", ")"));
    }

    private static String exists(ForeignKey fk, String row) {
        String parent =
                (fk.parentPartitioned() ? "" : "ONLY ") + Sql.name(fk.parent().name()) + " AS p";
        if (!fk.period()) {
            return "EXISTS (SELECT FROM %s WHERE %s)".formatted(parent, match(fk, row));
        }
        ForeignKey.Pair period = fk.pairs().getLast();
        return "coalesce(%s.%s <@ (SELECT pg_catalog.range_agg(p.%s) FROM %s WHERE %s), false)"
                .formatted(
                        row,
                        Sql.name(period.child()),
                        Sql.name(period.parent()),
                        parent,
                        match(fk, row));
    }

    private static String displaced(ForeignKey fk, String row) {
        return """
        EXISTS (SELECT FROM pgchorus.displaced_row d \
        CROSS JOIN LATERAL pg_catalog.json_populate_record(\
        NULL::%s, pg_catalog.json_object(d.columns, d."row")) p \
        WHERE d.relation = ANY (%s) AND %s)\
        """
                .formatted(Sql.name(fk.parent().name()), tree(fk.parent()), match(fk, row));
    }

    /** A table and its partitions. */
    private static String tree(Table table) {
        return """
        ARRAY(SELECT %1$d::oid UNION SELECT relid::oid \
        FROM pg_catalog.pg_partition_tree(%1$d::oid::regclass))\
        """
                .formatted(table.oid());
    }

    /** Whether {@code p} is the parent that a row refers to; ranges only need to overlap. */
    private static String match(ForeignKey fk, String row) {
        List<String> conditions = new ArrayList<>();
        for (int i = 0; i < fk.pairs().size(); i++) {
            ForeignKey.Pair pair = fk.pairs().get(i);
            boolean range = fk.period() && i == fk.pairs().size() - 1;
            conditions.add(
                    "p.%s %s %s.%s%s"
                            .formatted(
                                    Sql.name(pair.parent()),
                                    range ? "OPERATOR(pg_catalog.&&)" : pair.operator(),
                                    row,
                                    Sql.name(pair.child()),
                                    pair.collation()));
        }
        return String.join(" AND ", conditions);
    }
}
