package org.pgchorus.daemon;

import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ImageSql;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Sees to it that exactly those tables keep images of rows that go away whose rows may have to be
 * restored. No state.
 */
final class ParentImages {
    private ParentImages() {}

    /**
     * Makes the triggers what they have to be: also after a partition came, or a key changed.
     *
     * @param restored foreign keys whose parents are restored
     */
    static void arrange(Session session, List<ForeignKey> restored) {
        Map<TableName, String> keeping = new TreeMap<>();
        session.query(
                        ImageSql.KEEPING,
                        row -> Map.entry(new TableName(row.text(1), row.text(2)), row.text(3)))
                .forEach(entry -> keeping.put(entry.getKey(), entry.getValue()));
        for (Map.Entry<TableName, Table> wanted : leaves(session, restored).entrySet()) {
            String body = keeping.remove(wanted.getKey());
            if (!ImageSql.body(wanted.getValue()).equals(body)) {
                session.inTransaction(() -> {
                    session.execute(ImageSql.drop(wanted.getValue()));
                    session.execute(ImageSql.keep(wanted.getValue()));
                    return 0;
                });
            }
        }
        for (TableName needless : keeping.keySet()) {
            Optional<Table> table =
                    Catalog.describe(session, needless).map(Catalog.Described::table);
            table.ifPresent(t -> session.execute(ImageSql.drop(t)));
        }
    }

    private static Map<TableName, Table> leaves(Session session, List<ForeignKey> restored) {
        Map<TableName, Table> leaves = new TreeMap<>();
        for (ForeignKey fk : restored) {
            long oid = fk.parent().oid();
            session.query(ImageSql.LEAVES, row -> new TableName(row.text(1), row.text(2)), oid, oid)
                    .forEach(name ->
                            Catalog.describe(session, name)
                                    .map(Catalog.Described::table)
                                    .filter(Table::hasKey)
                                    .ifPresent(table -> leaves.put(name, table)));
        }
        return leaves;
    }
}
