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
 * A table of the source as it is called here: the source may not have heard yet of a change that
 * gave a table or a column another name, or dropped it.
 *
 * @param table what it is here; empty if there is none
 * @param relation the source's description, by the names of here, without columns dropped here
 * @param kept the places of these columns in the source's rows
 * @param isGone whether the table was dropped here for the whole group
 * @param isCut whether columns were left out
 */
record FormerNames(
        Optional<Catalog.Described> table,
        Relation relation,
        List<Integer> kept,
        boolean isGone,
        boolean isCut) {
    /** Copies the list. */
    FormerNames {
        kept = List.copyOf(kept);
    }

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
                ? new FormerNames(table, relation, List.of(), gone, false)
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
        return new FormerNames(
                Optional.of(table),
                new Relation(relation.id(), relation.table(), relation.identity(), columns),
                kept,
                false,
                kept.size() < relation.columns().size());
    }

    /** A change without the values of the columns left out. */
    Message cut(Message change) {
        if (!isCut) {
            return change;
        }
        return switch (change) {
            case Message.Insert insert ->
                    new Message.Insert(insert.relation(), cut(insert.after()));
            case Message.Update update ->
                    new Message.Update(
                            update.relation(),
                            update.keyOnly(),
                            update.before().map(this::cut),
                            cut(update.after()));
            case Message.Delete delete ->
                    new Message.Delete(delete.relation(), delete.keyOnly(), cut(delete.before()));
            default -> change;
        };
    }

    private Row cut(Row row) {
        return row.only(kept);
    }
}
