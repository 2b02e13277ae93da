package org.pgchorus.pg;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.model.Uniqueness;
import org.pgchorus.sql.CatalogSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.PolicySql;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Reads descriptions from a database's catalog. No state; the session's thread rule holds. */
public final class Catalog {
    private Catalog() {}

    /**
     * A table and what matters about it beyond its columns.
     *
     * @param inherits whether it is a partition, a child or a parent of another table
     * @param rowsChanged updates and deletes counted by the server's statistics so far
     * @param identity its replica identity: d, n, f or i
     */
    public record Described(Table table, boolean inherits, long rowsChanged, char identity) {}

    /** The tables clients may own. */
    public static List<TableName> userTables(Session session) {
        return session.query(
                CatalogSql.USER_TABLES, row -> new TableName(row.text(1), row.text(2)));
    }

    /** The tables that our publication sends. */
    public static List<TableName> published(Session session) {
        return session.query(CatalogSql.PUBLISHED, row -> new TableName(row.text(1), row.text(2)));
    }

    /** One table, if it exists. */
    public static Optional<Described> describe(Session session, TableName name) {
        return session.first(
                        CatalogSql.TABLE,
                        row ->
                                new Described(
                                        new Table(row.number(1), name, List.of(), List.of()),
                                        row.truth(2),
                                        row.number(3, 0),
                                        row.text(4).charAt(0)),
                        name.schema(),
                        name.name())
                .map(bare -> {
                    long oid = bare.table().oid();
                    List<String> key = session.query(CatalogSql.KEY, row -> row.text(1), oid);
                    return new Described(
                            new Table(oid, name, columns(session, oid), key),
                            bare.inherits(),
                            bare.rowsChanged(),
                            bare.identity());
                });
    }

    private static List<Table.Column> columns(Session session, long oid) {
        return session.query(
                CatalogSql.COLUMNS,
                row -> new Table.Column(row.text(1), row.text(2), row.truth(3), row.truth(4)),
                oid);
    }

    /** The policies of the tables that have another than {@link Policy#DEFAULT}. */
    public static Map<TableName, Policy> policies(Session session) {
        record Entry(TableName table, String column, String policy, Optional<String> function) {}
        List<Entry> entries =
                session.query(
                        PolicySql.ALL,
                        row ->
                                new Entry(
                                        new TableName(row.text(1), row.text(2)),
                                        row.text(3),
                                        row.text(4),
                                        row.maybe(5)));
        Map<TableName, Policy> policies = new TreeMap<>();
        for (Entry entry : entries) {
            Policy known = policies.getOrDefault(entry.table, Policy.DEFAULT);
            if (entry.column.isEmpty()) {
                Policy.Rule rule = Policy.Rule.valueOf(entry.policy.toUpperCase(Locale.ROOT));
                policies.put(entry.table, new Policy(rule, entry.function, known.deltaColumns()));
            } else {
                Set<String> columns = new HashSet<>(known.deltaColumns());
                columns.add(entry.column);
                policies.put(entry.table, new Policy(known.rule(), known.function(), columns));
            }
        }
        return policies;
    }

    /** What the rows of a table may not have in common beyond its key, by index name. */
    public static List<Uniqueness> uniqueness(Session session, Table table) {
        return session.query(CatalogSql.UNIQUENESS, Catalog::uniqueness, table.oid());
    }

    private static Uniqueness uniqueness(Session.Answer row) {
        List<String> expressions = row.texts(6);
        List<String> operators = row.texts(7);
        List<String> collations = row.texts(8);
        List<Uniqueness.Element> elements =
                IntStream.range(0, expressions.size())
                        .mapToObj(i ->
                                new Uniqueness.Element(
                                        expressions.get(i), operators.get(i), collations.get(i)))
                        .toList();
        List<String> names = row.texts(9);
        List<String> own = row.texts(10);
        List<String> generations = row.texts(11);
        List<Uniqueness.Column> columns =
                IntStream.range(0, names.size())
                        .mapToObj(i ->
                                new Uniqueness.Column(names.get(i), own.get(i), generations.get(i)))
                        .toList();
        return new Uniqueness(
                row.text(1),
                Uniqueness.Kind.valueOf(row.text(2)),
                row.truth(3),
                row.truth(4),
                elements,
                row.text(5),
                columns);
    }

    /** For each origin of this server that belongs to the group: whose writes it stands for. */
    public static Map<Long, Integer> writersByOrigin(Session session, String groupId) {
        record Origin(long id, String name) {}
        return session
                .query(CatalogSql.ORIGINS, row -> new Origin(row.number(1), row.text(2)))
                .stream()
                .filter(o -> ObjectNames.writerOf(o.name(), groupId).isPresent())
                .collect(
                        Collectors.toMap(
                                Origin::id,
                                o -> ObjectNames.writerOf(o.name(), groupId).orElseThrow()));
    }
}
