package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

    /** Encoding and collation. */
    List<Finding> locales() {
        List<String> theirs = locale(provider);
        List<String> ours = locale(newcomer);
        String[] names = {"encoding", "collation", "ctype"};
        for (int i = 0; i < names.length; i++) {
            if (!theirs.get(i).equals(ours.get(i))) {
                error(
                        names[i],
                        "the database's %s is %s, the provider's is %s"
                                .formatted(names[i], ours.get(i), theirs.get(i)),
                        "create the database with ENCODING '%s' LC_COLLATE '%s' LC_CTYPE '%s'"
                                .formatted(theirs.get(0), theirs.get(1), theirs.get(2)));
            }
        }
        return findings;
    }

    private static List<String> locale(Session session) {
        return session.first(
                        ExamineSql.LOCALE, row -> List.of(row.text(1), row.text(2), row.text(3)))
                .orElseThrow();
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
                        "TRUNCATE " + Sql.name(name) + ", or use --data none if they are the same");
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
                        "use --schema existing, or drop it");
            }
        }
        return findings;
    }

    private void columns(TableName table, Table theirs, Table ours) {
        Set<String> expected =
                new LinkedHashSet<>(theirs.columns().stream().map(Comparison::text).toList());
        Set<String> found =
                new LinkedHashSet<>(ours.columns().stream().map(Comparison::text).toList());
        Set<String> lacking = new LinkedHashSet<>(expected);
        lacking.removeAll(found);
        Set<String> extra = new LinkedHashSet<>(found);
        extra.removeAll(expected);
        if (!lacking.isEmpty() || !extra.isEmpty()) {
            error(
                    "schema",
                    "table %s differs from the provider's: lacks %s, has %s"
                            .formatted(table, lacking, extra),
                    "make the columns the same on both");
        }
        if (!theirs.key().equals(ours.key())) {
            error(
                    "schema",
                    "the key of table %s is %s, the provider's is %s"
                            .formatted(table, ours.key(), theirs.key()),
                    "make the primary keys the same");
        }
    }

    private static String text(Table.Column column) {
        return column.name() + " " + column.type() + (column.generated() ? " generated" : "");
    }
}
