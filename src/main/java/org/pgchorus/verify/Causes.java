package org.pgchorus.verify;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.VerifyCauseSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Why rows may differ, as far as the nodes know. */
final class Causes {
    private final Sides sides;

    Causes(Sides sides) {
        this.sides = sides;
    }

    /** What waits for the table as a whole: each of it means that its nodes are not alike. */
    List<String> ofTable() throws Unreadable {
        List<String> held = new ArrayList<>();
        sides.all(
                        side -> {
                            TableName table = side.table().name();
                            return side.node()
                                    .session()
                                    .query(
                                            VerifyCauseSql.HELD,
                                            row ->
                                                    "%s holds back changes of it from %s: %s"
                                                            .formatted(
                                                                    side.name(),
                                                                    row.text(1),
                                                                    row.text(2)),
                                            table.schema(),
                                            table.name());
                        })
                .values()
                .forEach(held::addAll);
        return held;
    }

    /** What may have led to a difference of one row; without a key, of any row. */
    List<String> ofRow(RowKey key) throws Unreadable {
        List<String> found = new ArrayList<>(ofTable());
        Map<?, List<String>> known = sides.all(side -> atNode(side, key));
        known.values().forEach(found::addAll);
        Side any = sides.each().getFirst();
        Policy policy =
                Catalog.policies(any.node().session())
                        .getOrDefault(any.table().name(), Policy.DEFAULT);
        switch (policy.rule()) {
            case LAST_UPDATE_WINS -> {}
            case APPLY_REMOTE, KEEP_LOCAL ->
                    found.add(
                            "policy %s lets nodes differ after a conflict"
                                    .formatted(policy.rule().sqlName()));
            case ERROR, FUNCTION ->
                    found.add(
                            "policy %s makes nodes equal only if all decide alike"
                                    .formatted(policy.rule().sqlName()));
        }
        return found;
    }

    private static List<String> atNode(Side side, RowKey key) {
        Session session = side.node().session();
        TableName table = side.table().name();
        List<String> found = new ArrayList<>();
        if (side.table().hasKey()) {
            String[] values = key.values().toArray(String[]::new);
            session.query(
                    VerifyCauseSql.DISPLACED,
                    row ->
                            found.add(
                                    "displaced on %s by a row with the same unique values"
                                            .formatted(side.name())),
                    side.table().oid(),
                    values);
            session.query(
                    VerifyCauseSql.skipped(side.table().key()),
                    row ->
                            found.add(
                                    "a change of it from %s was skipped on %s: %s"
                                            .formatted(row.text(1), side.name(), row.text(2))),
                    table.schema(),
                    table.name(),
                    key.values());
        } else {
            session.query(
                    VerifyCauseSql.skipped(List.of()),
                    row ->
                            found.add(
                                    "a change of the table from %s was skipped on %s: %s"
                                            .formatted(row.text(1), side.name(), row.text(2))),
                    table.schema(),
                    table.name());
        }
        return found;
    }
}
