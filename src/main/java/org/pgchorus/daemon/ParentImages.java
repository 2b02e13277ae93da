package org.pgchorus.daemon;

import org.pgchorus.conflict.Healing;
import org.pgchorus.model.ConstraintName;
import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.ForeignKeys;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ImageSql;

import java.util.ArrayList;
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

    /** Tables that are to keep images, made anew if they do so by an old key; and no more. */
    private record Plan(List<Table> begin, List<Table> end) {
        boolean isEmpty() {
            return begin.isEmpty() && end.isEmpty();
        }
    }

    /**
     * Makes the triggers what the policies ask for: also after a partition came, or a key changed.
     *
     * <p>A node's agent and an operator's order may do so at once; the second one plans anew, by
     * the policies of then.
     */
    static void arrange(Session session) {
        if (!plan(session).isEmpty()) {
            session.inTransaction(() -> {
                session.value(ImageSql.LOCK);
                Plan plan = plan(session);
                plan.end.forEach(table -> session.execute(ImageSql.drop(table)));
                plan.begin.forEach(table -> {
                    session.execute(ImageSql.drop(table));
                    session.execute(ImageSql.keep(table));
                });
                return 0;
            });
        }
    }

    private static Plan plan(Session session) {
        Map<TableName, String> keeping = new TreeMap<>();
        session.query(
                        ImageSql.KEEPING,
                        row -> Map.entry(new TableName(row.text(1), row.text(2)), row.text(3)))
                .forEach(entry -> keeping.put(entry.getKey(), entry.getValue()));
        Map<ConstraintName, Healing> policies = Orphans.policies(session);
        List<ForeignKey> restored =
                policies.containsValue(Healing.RESTORE_PARENT)
                        ? ForeignKeys.between(
                                session, id -> policies.get(id) == Healing.RESTORE_PARENT)
                        : List.of();
        List<Table> begin = new ArrayList<>();
        leaves(session, restored)
                .forEach((name, table) -> {
                    if (!ImageSql.body(table).equals(keeping.remove(name))) {
                        begin.add(table);
                    }
                });
        List<Table> end =
                keeping.keySet().stream()
                        .map(needless -> Catalog.describe(session, needless))
                        .flatMap(Optional::stream)
                        .map(Catalog.Described::table)
                        .toList();
        return new Plan(begin, end);
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
