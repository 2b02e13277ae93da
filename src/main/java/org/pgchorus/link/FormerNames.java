package org.pgchorus.link;

import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.DdlSql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A table of the source as it is here: the source may not have heard yet of a change that gave a
 * table or a column another name, dropped it, or added one.
 *
 * <p>A version is a whole row, also one whose writer did not know a column yet: it has there what
 * the column gave to all rows that it found. So it is the same on every node, whether it or the
 * column came first.
 *
 * @param table what it is here; empty if there is none
 * @param relation the source's description, by the names of here, without columns dropped here, and
 *     with those added here behind it
 * @param kept the places of the first of these columns in the source's rows
 * @param added the values of the others
 * @param isGone whether the table was dropped here for the whole group
 * @param isTranslated whether rows are not as they come
 */
record FormerNames(
        Optional<Catalog.Described> table,
        Relation relation,
        List<Integer> kept,
        Row added,
        boolean isGone,
        boolean isTranslated) {
    private static final Row NOTHING = Row.ofTexts(List.of());

    /** Copies the list. */
    FormerNames {
        kept = List.copyOf(kept);
    }

    /** A column that was added here, and what rows got in it that were there before. */
    private record Added(String name, Optional<String> value) {}

    static FormerNames of(Session target, Relation relation) {
        Optional<Catalog.Described> table = Catalog.describe(target, relation.table());
        boolean gone = false;
        if (table.isEmpty() && areKept(target)) {
            Optional<Optional<TableName>> now =
                    target.first(
                            DdlSql.NOW_CALLED,
                            row -> row.maybe(1).map(schema -> new TableName(schema, row.text(2))),
                            relation.table().schema(),
                            relation.table().name());
            gone = now.isPresent() && now.get().isEmpty();
            table = now.flatMap(name -> name).flatMap(name -> Catalog.describe(target, name));
        }
        return table.isEmpty()
                ? new FormerNames(table, relation, List.of(), NOTHING, gone, false)
                : of(target, relation, table.get());
    }

    private static boolean areKept(Session target) {
        return target.value(DdlSql.KEEPS_FORMER_NAMES).equals("t");
    }

    private static FormerNames of(Session target, Relation relation, Catalog.Described table) {
        List<String> here = table.table().columns().stream().map(c -> c.name()).toList();
        boolean known = relation.columns().stream().allMatch(c -> here.contains(c.name()));
        Map<String, Optional<String>> former = new HashMap<>();
        if (!known && areKept(target)) {
            target.query(
                            DdlSql.FORMER_COLUMNS,
                            row -> Map.entry(row.text(1), row.maybe(2)),
                            table.table().oid())
                    .forEach(name -> former.put(name.getKey(), name.getValue()));
        }
        List<Relation.Column> columns = new ArrayList<>();
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < relation.columns().size(); i++) {
            Relation.Column column = relation.columns().get(i);
            Optional<String> now = Optional.of(column.name());
            if (!here.contains(column.name())) {
                now = former.getOrDefault(column.name(), now);
            }
            if (now.isPresent()) {
                kept.add(i);
                columns.add(
                        new Relation.Column(
                                now.get(), column.key(), column.typeOid(), column.typeModifier()));
            }
        }
        List<Added> added = addedBeside(target, table, columns);
        added.forEach(one -> columns.add(new Relation.Column(one.name, false, 0, -1)));
        return new FormerNames(
                Optional.of(table),
                new Relation(relation.id(), relation.table(), relation.identity(), columns),
                kept,
                Row.ofTexts(added.stream().map(one -> one.value.orElse(null)).toList()),
                false,
                kept.size() < relation.columns().size() || !added.isEmpty());
    }

    /** Columns added here for the whole group that are not among these. */
    private static List<Added> addedBeside(
            Session target, Catalog.Described table, List<Relation.Column> columns) {
        List<String> sent = columns.stream().map(Relation.Column::name).toList();
        boolean all =
                table.table().columns().stream()
                        .allMatch(c -> c.generated() || sent.contains(c.name()));
        if (all || !target.value(DdlSql.KEEPS_ADDED_COLUMNS).equals("t")) {
            return List.of();
        }
        return target
                .query(
                        DdlSql.ADDED_COLUMNS,
                        row -> new Added(row.text(1), row.maybe(2)),
                        table.table().oid())
                .stream()
                .filter(one -> !sent.contains(one.name))
                .toList();
    }

    /** A change as it is here. */
    Message translated(Message change) {
        if (!isTranslated) {
            return change;
        }
        return switch (change) {
            case Message.Insert insert ->
                    new Message.Insert(insert.relation(), translated(insert.after()));
            case Message.Update update ->
                    new Message.Update(
                            update.relation(),
                            update.keyOnly(),
                            update.before().map(this::translated),
                            translated(update.after()));
            case Message.Delete delete ->
                    new Message.Delete(
                            delete.relation(), delete.keyOnly(), translated(delete.before()));
            default -> change;
        };
    }

    private Row translated(Row row) {
        return row.only(kept).followedBy(added);
    }
}
