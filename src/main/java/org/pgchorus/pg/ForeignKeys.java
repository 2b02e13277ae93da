package org.pgchorus.pg;

import org.pgchorus.model.ConstraintName;
import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.sql.OrphanSql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads foreign keys from a database's catalog. No state; the session's thread rule holds. */
public final class ForeignKeys {
    private ForeignKeys() {}

    private record Bare(
            ConstraintName id,
            boolean childPartitioned,
            TableName parent,
            boolean parentPartitioned,
            boolean matchFull,
            boolean period,
            boolean enforcedOnDelete,
            List<ForeignKey.Pair> pairs) {}

    /** The foreign keys between replicated tables that are wanted, by table and name. */
    public static List<ForeignKey> between(Session session, Predicate<ConstraintName> wanted) {
        List<Bare> all = session.query(OrphanSql.FOREIGN_KEYS, ForeignKeys::bare);
        Map<TableName, Optional<Table>> tables = new HashMap<>();
        List<ForeignKey> found = new ArrayList<>();
        for (Bare bare : all) {
            if (wanted.test(bare.id)) {
                Optional<Table> child = table(session, tables, bare.id.table());
                Optional<Table> parent = table(session, tables, bare.parent);
                // Either may have been dropped since the first question.
                if (child.isPresent() && parent.isPresent()) {
                    found.add(
                            new ForeignKey(
                                    bare.id.name(),
                                    child.get(),
                                    bare.childPartitioned,
                                    parent.get(),
                                    bare.parentPartitioned,
                                    bare.pairs,
                                    bare.matchFull,
                                    bare.period,
                                    bare.enforcedOnDelete));
                }
            }
        }
        return List.copyOf(found);
    }

    private static Optional<Table> table(
            Session session, Map<TableName, Optional<Table>> known, TableName name) {
        return known.computeIfAbsent(
                name, n -> Catalog.describe(session, n).map(Catalog.Described::table));
    }

    private static Bare bare(Session.Answer row) {
        List<String> child = row.texts(10);
        List<String> parent = row.texts(11);
        List<String> operator = row.texts(12);
        List<String> collation = row.texts(13);
        List<String> nullable = row.texts(14);
        List<ForeignKey.Pair> pairs = new ArrayList<>();
        for (int i = 0; i < child.size(); i++) {
            pairs.add(
                    new ForeignKey.Pair(
                            child.get(i),
                            parent.get(i),
                            operator.get(i),
                            collation.get(i),
                            nullable.get(i).equals("true")));
        }
        return new Bare(
                new ConstraintName(new TableName(row.text(1), row.text(2)), row.text(3)),
                row.truth(4),
                new TableName(row.text(5), row.text(6)),
                row.truth(7),
                row.text(8).equals("f"),
                row.truth(9),
                row.truth(15),
                pairs);
    }
}
