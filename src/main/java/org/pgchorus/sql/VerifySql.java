package org.pgchorus.sql;

import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Statements that compare one table: sums of row hashes over ranges, listings, rows by key.
 *
 * <p>The text of a row is {@code ROW(...)::text} over its columns by name, which tells NULL from
 * the empty text and one division into columns from another. It is hashed twice by {@code
 * hashtextextended}, with two seeds; that function and the text forms are the same on all versions
 * from 14 to 18 under the settings of {@link #SESSION} and those that every session of ours has. A
 * {@code "char"} is taken as its number, since 16 shows those beyond ASCII in another way.
 *
 * <p>Sums over ranges, by which nearly all rows are found equal, take the binary form instead,
 * which costs the server half as much. It is only ever finer than the text: what differs in it is
 * listed and judged by the text.
 *
 * <p>{@code OFFSET 0} keeps the planner from making the text once for each hash.
 */
public final class VerifySql {
    /**
     * What a comparing session needs: texts of names with their schemas, an error instead of hidden
     * rows, plans made for the very range, and limits. It never writes.
     */
    public static final String SESSION =
            """
            SET search_path = pg_catalog; SET row_security = off; \
            SET plan_cache_mode = force_custom_plan; SET lock_timeout = '10s'; \
            SET statement_timeout = '60s'; SET default_transaction_read_only = on\
            """;

    /** What must be the same on all servers, or equal rows have different hashes. */
    public static final String HASH_PROBE =
            """
            SELECT current_setting('server_encoding') || ' ' || hashtextextended('pgchorus', 0)
                   || ' ' || hashtextextended('pgchorus', 1)\
            """;

    /** A range of keys is read by the key's index, however large a part of the table it is. */
    public static final String BY_INDEX = "SET enable_seqscan = off";

    /** The table is read as it lies on disk. */
    public static final String BY_PAGES = "SET enable_seqscan = on";

    /** Buckets of tables that cannot be walked by key. */
    public static final int BUCKETS = 4096;

    private static final int BUCKET_SEED = 7;

    /**
     * Types whose binary form is the same on all versions, and the same for what was sent as text
     * and read again. Not among them: floats (a NaN has many forms), and types of users, whose oids
     * would be part of it.
     */
    private static final Set<String> BINARY =
            Set.of(
                    "bool",
                    "int2",
                    "int4",
                    "int8",
                    "oid",
                    "text",
                    "varchar",
                    "bpchar",
                    "bytea",
                    "uuid",
                    "date",
                    "time",
                    "timestamp",
                    "timestamptz",
                    "numeric",
                    "json",
                    "jsonb");

    /** The one-byte type, whose text differs between versions. */
    private static final String CHAR = "char";

    /**
     * name, type, not null, name of the basic type, whether its equality is found without a search
     * path, by what texts of it are ordered (empty: no collation; null: unknown); parameter: oid.
     *
     * <p>A libc collation's version is that of the C library for all of them alike, so any row of
     * that locale tells the version of the database's own. Catalogs are read by way of JSON where
     * versions differ.
     */
    public static final String COLUMNS =
            """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, b.typname,
                   b.typnamespace = 'pg_catalog'::regnamespace OR b.typtype = 'e',
                   CASE WHEN a.attcollation = 0 THEN '' WHEN o.provider = 'b' THEN 'C'
                        WHEN o.provider = 'c' AND o.locale IN ('C', 'POSIX') THEN 'C'
                        ELSE o.provider || '/' || o.locale || '/' || o.version END
            FROM pg_attribute a
            CROSS JOIN LATERAL (
                WITH RECURSIVE base AS (
                    SELECT a.atttypid AS id
                    UNION ALL
                    SELECT t.typbasetype FROM base JOIN pg_type t ON t.oid = base.id
                    WHERE t.typtype = 'd')
                SELECT t.* FROM base JOIN pg_type t ON t.oid = base.id WHERE t.typtype <> 'd') b
            LEFT JOIN LATERAL (
                SELECT c.collprovider::text AS provider,
                       concat(to_jsonb(c) ->> 'collcollate', to_jsonb(c) ->> 'colllocale',
                              to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'collicurules')
                           AS locale,
                       pg_collation_actual_version(c.oid) AS version
                FROM pg_collation c WHERE c.oid = a.attcollation AND c.collprovider <> 'd'
                UNION ALL
                SELECT coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'), d.datcollate::text,
                       (SELECT pg_collation_actual_version(l.oid) FROM pg_collation l
                        WHERE l.collprovider = 'c' AND l.collcollate::text = d.datcollate::text
                          AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' LIMIT 1)
                FROM pg_collation c JOIN pg_database d ON d.datname = current_database()
                WHERE c.oid = a.attcollation AND c.collprovider = 'd') o ON true
            WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum\
            """;

    /**
     * Kind, pages, rows as the server estimates them, and whether the index of the key has the
     * order of its columns' types and collations; parameter: oid.
     */
    public static final String SIZE =
            """
            SELECT c.relkind, pg_relation_size(c.oid) / current_setting('block_size')::bigint,
                   greatest(c.reltuples, 0)::bigint,
                   (SELECT bool_and(am.amname = 'btree' AND o.opcdefault
                                    AND i.indoption[k - 1] = 0
                                    AND i.indcollation[k - 1] = a.attcollation)
                    FROM pg_index i
                    CROSS JOIN generate_series(1, i.indnkeyatts::integer) k
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k - 1]
                    JOIN pg_opclass o ON o.oid = i.indclass[k - 1]
                    JOIN pg_am am ON am.oid = o.opcmethod
                    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                      AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident
                               ELSE i.indisprimary END)
            FROM pg_class c WHERE c.oid = ?::oid\
            """;

    /**
     * Keys of a table that the node itself may still change without hearing of anything: versions
     * that come back when nothing is in their way, deletes that are looked at again. Parameter:
     * oid, twice.
     */
    public static final String MENDING =
            """
            SELECT key FROM pgchorus.displaced_row WHERE relation = ?::oid
            UNION ALL
            SELECT key FROM pgchorus.tombstone_entry
            WHERE relation = ?::oid AND provisional AND key IS NOT NULL LIMIT 100000\
            """;

    private final String source;
    private final String row;
    private final String binary;
    private final List<ComparedColumn> columns;
    private final List<KeyColumn> key;

    /**
     * A column of a key.
     *
     * @param type to which its text is cast
     * @param basicType the name of its type, or of that under its domain
     * @param nativeEquality whether {@code =} of that type is found without a search path
     */
    public record KeyColumn(String name, String type, String basicType, boolean nativeEquality) {
        private String text() {
            return value(new ComparedColumn(name, basicType, false)) + "::text COLLATE \"C\"";
        }

        private boolean comparable() {
            return nativeEquality && !basicType.equals(CHAR);
        }
    }

    /**
     * A column that is compared.
     *
     * @param basicType the name of its type, or of that under its domain
     * @param builtIn whether that type is PostgreSQL's own
     */
    public record ComparedColumn(String name, String basicType, boolean builtIn) {}

    /**
     * @param partitioned whether its rows are in other tables
     * @param columns by name
     * @param key empty if rows cannot be told apart
     */
    public VerifySql(
            TableName table,
            boolean partitioned,
            List<ComparedColumn> columns,
            List<KeyColumn> key) {
        this.source = (partitioned ? "" : "ONLY ") + Sql.name(table) + " AS t";
        this.columns = List.copyOf(columns);
        this.key = List.copyOf(key);
        this.row =
                columns.stream()
                        .map(c -> value(c))
                        .collect(Collectors.joining(", ", "ROW(", ")::text COLLATE \"C\""));
        // A record is hashed column by column, and only as one can bytes be hashed before 18.
        this.binary =
                columns.stream()
                        .map(c -> packed(c))
                        .collect(Collectors.joining(", ", "ROW(record_send(ROW(", ")))"));
    }

    /** As its basic type: a domain's oid, as any type's of users, differs between servers. */
    private static String packed(ComparedColumn column) {
        String name = "t." + Sql.name(column.name());
        return column.builtIn() && BINARY.contains(column.basicType())
                ? name + "::" + column.basicType()
                : value(column) + "::text";
    }

    /** The text of the row {@code t} that is compared. */
    String row() {
        return row;
    }

    /** The table, as {@code t}. */
    String source() {
        return source;
    }

    private static String value(ComparedColumn column) {
        String name = "t." + Sql.name(column.name());
        return column.basicType().equals(CHAR) ? name + "::int4" : name;
    }

    /** The columns that are compared, in the order in which their values are given. */
    public List<String> columns() {
        return columns.stream().map(ComparedColumn::name).toList();
    }

    /** Rows, and both sums, of a range; parameters: the key from which, the key before which. */
    public String sums(boolean hasFrom, boolean hasBefore) {
        return """
        SELECT count(*), coalesce(sum(hash_record_extended(r, 0)), 0), \
        coalesce(sum(hash_record_extended(r, 1)), 0) \
        FROM (SELECT %s AS r FROM %s WHERE %s OFFSET 0) x\
        """
                .formatted(binary, source, range(hasFrom, hasBefore));
    }

    /** Key, both hashes and xmin of the rows of a range; parameters as of {@link #sums}. */
    public String listing(boolean hasFrom, boolean hasBefore) {
        return versions(range(hasFrom, hasBefore));
    }

    private String versions(String condition) {
        return """
        SELECT k, hashtextextended(r, 0) || ' ' || hashtextextended(r, 1), v \
        FROM (SELECT %s AS k, %s AS r, t.xmin AS v FROM %s WHERE %s OFFSET 0) x\
        """
                .formatted(keyTexts(), row, source, condition);
    }

    /**
     * The key so many rows behind the start of a range; parameters: the range, how many. Its text
     * is made outside: inside it would be made of every row that is passed over.
     */
    public String bound(boolean hasFrom, boolean hasBefore) {
        return """
        SELECT %s FROM (SELECT %s FROM %s WHERE %s ORDER BY %s OFFSET ?::bigint LIMIT 1) t\
        """
                .formatted(keyTexts(), keyNames(), source, range(hasFrom, hasBefore), keyNames());
    }

    /** Every so many-th key of a range, in order; parameters: the range, the step. */
    public String bounds(boolean hasFrom, boolean hasBefore) {
        return """
        SELECT k FROM (SELECT %s AS k, row_number() OVER (ORDER BY %s) AS n FROM %s WHERE %s) x \
        WHERE n %% ?::bigint = 0 ORDER BY n\
        """
                .formatted(keyTexts(), keyNames(), source, range(hasFrom, hasBefore));
    }

    private String range(boolean hasFrom, boolean hasBefore) {
        String typed =
                key.stream().map(k -> "?::" + k.type()).collect(Collectors.joining(", ", "(", ")"));
        String names = "(" + keyNames() + ")";
        if (!hasFrom && !hasBefore) {
            return "true";
        }
        return (hasFrom ? names + " >= " + typed : "")
                + (hasFrom && hasBefore ? " AND " : "")
                + (hasBefore ? names + " < " + typed : "");
    }

    private String keyNames() {
        return key.stream().map(k -> "t." + Sql.name(k.name())).collect(Collectors.joining(", "));
    }

    /** The key of the row {@code t} as an array of texts. */
    String keyTexts() {
        return key.stream().map(KeyColumn::text).collect(Collectors.joining(", ", "ARRAY[", "]"));
    }

    /** Bucket, rows and both sums for every bucket, of some pages of the table. */
    public String sweep(Pages pages) {
        return """
        SELECT b, count(*), sum(h), sum(g) FROM (\
        SELECT %s AS b, hashtextextended(r, 0) AS h, hashtextextended(r, 1) AS g \
        FROM (SELECT %s AS k, %s AS r FROM %s WHERE %s OFFSET 0) x OFFSET 0) y GROUP BY b\
        """
                .formatted(bucket("x.k", "x.r"), keyOrNothing(), row, source, pages.condition());
    }

    private String keyOrNothing() {
        return key.isEmpty() ? "NULL::text" : "(%s::text COLLATE \"C\")".formatted(keyTexts());
    }

    private String bucket(String keyText, String rowText) {
        return "(hashtextextended(%s, %d) & %d)"
                .formatted(key.isEmpty() ? rowText : keyText, BUCKET_SEED, BUCKETS - 1);
    }

    /**
     * As {@link #listing}, the rows of some buckets in some pages; without a key, the hashes in
     * place of the key, the number of such rows, and the sum of their xmins. Parameter: buckets.
     */
    public String listingOfBuckets(Pages pages) {
        return key.isEmpty()
                ? counted(pages, bucket("", "r") + " = ANY(?::bigint[])")
                : versions(
                        pages.condition()
                                + " AND "
                                + bucket(keyOrNothing(), "")
                                + " = ANY(?::bigint[])");
    }

    /** The same of a table without a key, by the rows' first hashes; parameter: these. */
    public String listingOfHashes(Pages pages) {
        return counted(pages, "hashtextextended(r, 0) = ANY(?::bigint[])");
    }

    private String counted(Pages pages, String condition) {
        return """
        SELECT ARRAY[h::text, g::text], count(*), sum(v) FROM (\
        SELECT hashtextextended(r, 0) AS h, hashtextextended(r, 1) AS g, v \
        FROM (SELECT %s AS r, t.xmin::text::bigint AS v FROM %s WHERE %s OFFSET 0) x WHERE %s) y \
        GROUP BY h, g\
        """
                .formatted(row, source, pages.condition(), condition);
    }

    /** As {@link #listing}, rows by their keys; parameters: the texts of each key column. */
    public String listingOfKeys() {
        return """
        SELECT k, hashtextextended(r, 0) || ' ' || hashtextextended(r, 1), v \
        FROM (SELECT %s AS k, %s AS r, t.xmin AS v FROM %s OFFSET 0) x\
        """
                .formatted(keyTexts(), row, byKeys());
    }

    /** The rows {@code t} of given keys. */
    String byKeys() {
        String arrays = key.stream().map(k -> "?::text[]").collect(Collectors.joining(", "));
        String names =
                IntStream.range(0, key.size())
                        .mapToObj(i -> "k" + i)
                        .collect(Collectors.joining(", "));
        String match =
                IntStream.range(0, key.size())
                        .mapToObj(i -> equality(key.get(i), "q.k" + i))
                        .collect(Collectors.joining(" AND "));
        return "unnest(%s) q (%s) JOIN %s ON %s".formatted(arrays, names, source, match);
    }

    /** Equal keys may have several texts, such as 1.0 and 1.00: only the one asked for counts. */
    private static String equality(KeyColumn column, String text) {
        String same = "%s = %s COLLATE \"C\"".formatted(column.text(), text);
        return column.comparable()
                ? "t.%s = %s::%s AND %s"
                        .formatted(Sql.name(column.name()), text, column.type(), same)
                : same;
    }

    /** Key, values, micros and node of the stamp, by keys; parameters as of the listing. */
    public String valuesOfKeys(Table here) {
        return """
        SELECT %s, %s, coalesce(o.micros, pgchorus.micros(x.timestamp)), \
        coalesce(o.node, pgchorus.writer(x.roident)) \
        FROM %s CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x \
        LEFT JOIN LATERAL (%s) o ON true\
        """
                .formatted(keyTexts(), texts(), byKeys(), StampSql.ofOne(here));
    }

    /** Hashes and values of rows without a key; parameter: their first hashes. */
    public String valuesOfHashes() {
        return """
        SELECT DISTINCT ON (1) ARRAY[hashtextextended(r, 0)::text, hashtextextended(r, 1)::text], \
        c FROM (SELECT %s AS r, %s AS c FROM %s OFFSET 0) x \
        WHERE hashtextextended(r, 0) = ANY(?::bigint[])\
        """
                .formatted(row, texts(), source);
    }

    private String texts() {
        return columns.stream()
                .map(c -> value(c) + "::text")
                .collect(Collectors.joining(", ", "ARRAY[", "]::text[]"));
    }

    /** A part of a table as it lies on disk: pages from, and before which; the last is open. */
    public record Pages(long from, long before) {
        /** The whole table, also one whose rows are in others. */
        public static final Pages ALL = new Pages(0, Long.MAX_VALUE);

        private String condition() {
            if (from == 0 && before == Long.MAX_VALUE) {
                return "true";
            }
            return "t.ctid >= '(%d,0)'::tid".formatted(from)
                    + (before == Long.MAX_VALUE
                            ? ""
                            : " AND t.ctid < '(%d,0)'::tid".formatted(before));
        }
    }
}
