package org.pgchorus.sql;

import org.pgchorus.model.TableName;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The publication that says which tables a node sends. Tables are listed one by one: managed
 * services refuse {@code FOR ALL TABLES} and {@code TABLES IN SCHEMA}.
 */
public final class PublicationSql {
    private PublicationSql() {}

    /** Creates it. */
    public static String create(List<TableName> tables) {
        String list =
                tables.stream().map(t -> "ONLY " + Sql.name(t)).collect(Collectors.joining(", "));
        return "CREATE PUBLICATION "
                + ObjectNames.PUBLICATION
                + (tables.isEmpty() ? "" : " FOR TABLE " + list);
    }

    /** Adds a table. */
    public static String add(TableName table) {
        return "ALTER PUBLICATION %s ADD TABLE ONLY %s"
                .formatted(ObjectNames.PUBLICATION, Sql.name(table));
    }

    /** Takes a table out. */
    public static String drop(TableName table) {
        return "ALTER PUBLICATION %s DROP TABLE ONLY %s"
                .formatted(ObjectNames.PUBLICATION, Sql.name(table));
    }

    /** Takes the publication away. */
    public static final String DROP = "DROP PUBLICATION IF EXISTS " + ObjectNames.PUBLICATION;
}
