package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares a newcomer with its provider before a join. Changes nothing. */
final class Comparison {
    private final Session provider;
    private final Session newcomer;
    private final String where;
    private final List<Finding> findings = new ArrayList<>();

    Comparison(Session provider, Session newcomer, String where) {
        this.provider = provider;
        this.newcomer = newcomer;
        this.where = where;
    }

    private void error(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    /** Encoding and collation: indexes, constraints and partitions follow them. */
    List<Finding> locales() {
        Locale wanted = Locale.of(provider);
        for (Locale.Difference d : Locale.of(newcomer).differences(wanted)) {
            error(
                    d.aspect(),
                    "the database's %s is %s, the provider's is %s"
                            .formatted(d.aspect(), d.found(), d.wanted()),
                    "make a new database: " + wanted.statement());
        }
        return findings;
    }

    /** Whether the newcomer has the same tables, and, if asked, no rows in them. */
    List<Finding> tables(List<TableName> names, boolean empty) {
        for (TableName name : names) {
            Table theirs = Catalog.describe(provider, name).orElseThrow().table();
            Optional<Catalog.Described> ours = Catalog.describe(newcomer, name);
            if (ours.isEmpty()) {
                error(
                        "schema",
                        "table %s does not exist".formatted(name),
                        "create it as it is on the provider, or use --schema copy");
                continue;
            }
            columns(name, theirs, ours.get().table());
            if (empty && newcomer.value(MemberSql.hasRows(name)).equals("t")) {
                error(
                        "empty",
                        "table %s has rows".formatted(name),
                        "TRUNCATE %s; or use --data none if they are the same"
                                .formatted(Sql.name(name)));
            }
        }
        return findings;
    }

    /** Whether the newcomer has none of the tables yet. */
    List<Finding> absent(List<TableName> names) {
        for (TableName name : names) {
            if (Catalog.describe(newcomer, name).isPresent()) {
                error(
                        "schema",
                        "table %s exists already".formatted(name),
                        "use --schema existing; or DROP TABLE " + Sql.name(name));
            }
        }
        return findings;
    }

    private void columns(TableName table, Table theirs, Table ours) {
        List<String> lacking = new ArrayList<>();
        List<String> cures = new ArrayList<>();
        for (Table.Column wanted : theirs.columns()) {
            Optional<Table.Column> found = column(ours, wanted.name());
            if (found.map(Comparison::text).filter(text(wanted)::equals).isEmpty()) {
                lacking.add(text(wanted));
                cures.add(cure(wanted, found));
            }
        }
        List<String> extra = new ArrayList<>();
        for (Table.Column found : ours.columns()) {
            Optional<Table.Column> wanted = column(theirs, found.name());
            if (wanted.map(Comparison::text).filter(text(found)::equals).isEmpty()) {
                extra.add(text(found));
                if (wanted.isEmpty()) {
                    cures.add("DROP COLUMN " + Sql.name(found.name()));
                }
            }
        }
        if (!cures.isEmpty()) {
            error(
                    "schema",
                    "table %s differs from the provider's: lacks %s; has %s"
                            .formatted(table, listed(lacking), listed(extra)),
                    "ALTER TABLE %s %s; or change the provider's"
                            .formatted(Sql.name(table), String.join(", ", cures)));
        }
        key(table, theirs, ours);
    }

    private static Optional<Table.Column> column(Table table, String name) {
        return table.columns().stream().filter(c -> c.name().equals(name)).findFirst();
    }

    private static String listed(List<String> columns) {
        return columns.isEmpty() ? "nothing" : String.join(", ", columns);
    }

    /** A clause of ALTER TABLE; an expression that generates a column is not known here. */
    private static String cure(Table.Column wanted, Optional<Table.Column> found) {
        String add =
                "ADD COLUMN %s %s%s"
                        .formatted(
                                Sql.name(wanted.name()),
                                wanted.type(),
                                wanted.generated() ? " GENERATED ALWAYS AS (...) STORED" : "");
        if (found.isEmpty()) {
            return add;
        }
        return wanted.generated() || found.get().generated()
                ? "DROP COLUMN %s, %s".formatted(Sql.name(wanted.name()), add)
                : "ALTER COLUMN %s TYPE %s".formatted(Sql.name(wanted.name()), wanted.type());
    }

    private void key(TableName table, Table theirs, Table ours) {
        if (!theirs.key().equals(ours.key())) {
            error(
                    "schema",
                    "the key of table %s is %s, the provider's is %s"
                            .formatted(table, keyText(ours), keyText(theirs)),
                    theirs.hasKey() && !ours.hasKey()
                            ? "ALTER TABLE %s ADD PRIMARY KEY (%s)"
                                    .formatted(Sql.name(table), Sql.names(theirs.key()))
                            : "make the primary key the same on both");
        }
    }

    private static String keyText(Table table) {
        return table.hasKey() ? "(" + String.join(", ", table.key()) + ")" : "missing";
    }

    private static String text(Table.Column column) {
        return column.name() + " " + column.type() + (column.generated() ? " generated" : "");
    }
}
