package org.pgchorus.member;

import org.pgchorus.conflict.Policy;
import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.PolicySql;
import org.pgchorus.sql.Sql;
import org.pgchorus.sql.TableSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Examines whether a table at one node is fit for a policy, before it gets it. Changes nothing.
 *
 * <p>A cure that is a statement comes first and ends at the first semicolon.
 */
public final class PolicyExaminer {
    private final Session session;
    private final String where;
    private final TableName name;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param where what to call the node in findings
     */
    public PolicyExaminer(Session session, String where, TableName name) {
        this.session = session;
        this.where = where;
        this.name = name;
    }

    /** For a table of a member: that it takes part is examined too. */
    public List<Finding> examineMember(Policy policy) {
        Optional<Catalog.Described> described = Catalog.describe(session, name);
        if (described.isEmpty()) {
            error("table", "there is no table " + name, "create it, then " + addTable());
        } else if (!Catalog.published(session).contains(name)) {
            error("table", "table %s does not take part".formatted(name), addTable());
        } else {
            examine(described.get(), policy);
        }
        return List.copyOf(findings);
    }

    /** For a table that is to take part; nothing if it does not exist. */
    public List<Finding> examine(Policy policy) {
        Catalog.describe(session, name).ifPresent(described -> examine(described, policy));
        return List.copyOf(findings);
    }

    private String addTable() {
        return "pgchorus table add " + name;
    }

    private void examine(Catalog.Described described, Policy policy) {
        if (!described.table().hasKey()) {
            error(
                    "key",
                    "table %s has no key, so its rows never conflict".formatted(name),
                    "ALTER TABLE %s ADD PRIMARY KEY (...)".formatted(Sql.name(name)));
        }
        policy.function().ifPresent(function -> function(described.table(), function));
        if (!policy.deltaColumns().isEmpty()) {
            new TreeSet<>(policy.deltaColumns())
                    .forEach(column -> column(described.table(), column));
            identity(described);
        }
    }

    private void error(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    private record Function(
            String kind,
            boolean returnsSet,
            String returns,
            boolean returnsRow,
            boolean executable,
            boolean isVolatile) {}

    private void function(Table table, String function) {
        String signature = PolicySql.signature(function, name);
        Optional<Function> found;
        try {
            found =
                    session.first(
                            PolicySql.FUNCTION,
                            row ->
                                    new Function(
                                            row.text(1),
                                            row.truth(2),
                                            row.text(3),
                                            row.truth(4),
                                            row.truth(5),
                                            row.truth(6)),
                            table.oid(),
                            signature);
        } catch (PgError.Refused e) {
            error("function", "%s: %s".formatted(signature, e.getMessage()), "");
            return;
        }
        if (found.isEmpty()) {
            error("function", "there is no function " + signature, create(function));
            return;
        }
        Function is = found.get();
        if (!is.kind.equals("f")) {
            error("function", signature + " is not an ordinary function", create(function));
        } else if (is.returnsSet || !is.returnsRow) {
            error(
                    "function",
                    "%s returns %s%s, not a row of table %s"
                            .formatted(
                                    signature, is.returnsSet ? "a set of " : "", is.returns, name),
                    "DROP FUNCTION %s; then %s".formatted(signature, create(function)));
        }
        if (!is.executable) {
            error(
                    "function",
                    "the role may not execute " + signature,
                    "GRANT EXECUTE ON FUNCTION %s TO %s".formatted(signature, role()));
        } else if (is.isVolatile) {
            findings.add(
                    new Finding(
                            where,
                            "function",
                            Severity.NOTE,
                            signature
                                    + " is VOLATILE: nothing may come out of it but what its"
                                    + " arguments say, or nodes will differ",
                            "ALTER FUNCTION %s IMMUTABLE; if that is so".formatted(signature)));
        }
    }

    private String create(String function) {
        return "CREATE FUNCTION %s(here %2$s, incoming %2$s, meta jsonb) RETURNS %2$s ..."
                .formatted(function, Sql.name(name));
    }

    private String role() {
        return Sql.name(session.value(ExamineSql.USER));
    }

    private record Column(
            String type,
            boolean exact,
            boolean notNull,
            boolean generated,
            boolean identity,
            Optional<String> constraint,
            boolean partitions) {}

    private void column(Table table, String column) {
        Optional<Column> found =
                session.first(
                        PolicySql.COLUMN,
                        row ->
                                new Column(
                                        row.text(1),
                                        row.truth(2),
                                        row.truth(3),
                                        row.truth(4),
                                        row.truth(5),
                                        row.maybe(6),
                                        row.truth(7)),
                        table.oid(),
                        column);
        String subject = "column %s of table %s".formatted(column, name);
        if (found.isEmpty()) {
            error(
                    "delta",
                    "table %s has no column %s".formatted(name, column),
                    "choose one of " + String.join(", ", names(table)));
            return;
        }
        Column is = found.get();
        String alter = "ALTER TABLE %s ALTER %s ".formatted(Sql.name(name), Sql.name(column));
        if (!is.exact) {
            error("delta", subject + " is " + inexact(is.type), alter + "TYPE numeric");
        }
        if (!is.notNull) {
            error(
                    "delta",
                    subject + " may be NULL, to which nothing can be added",
                    alter + "SET NOT NULL; on every node, where it has no NULL");
        }
        if (table.key().contains(column) || primaryKey(table).contains(column)) {
            error(
                    "delta",
                    subject + " is part of the key: its rows would become others",
                    another());
        }
        if (is.generated) {
            error("delta", subject + " is generated from others, and cannot be written", another());
        }
        if (is.identity) {
            error(
                    "delta",
                    subject + " is an identity column: it numbers rows, it counts nothing",
                    another());
        }
        is.constraint.ifPresent(index ->
                error(
                        "delta",
                        "%s is part of %s: a sum could clash where no single value does"
                                .formatted(subject, index),
                        another()));
        if (is.partitions) {
            error("delta", subject + " says to which partition a row belongs", another());
        }
    }

    private static List<String> names(Table table) {
        return table.columns().stream().map(Table.Column::name).toList();
    }

    private static String another() {
        return "choose another column";
    }

    private static String inexact(String type) {
        return switch (type) {
            case "real", "double precision" ->
                    type + ": such numbers added in another order have another sum";
            case "money" -> "money: what its text says depends on each session's locale";
            default -> type + ", not smallint, integer, bigint or numeric";
        };
    }

    private List<String> primaryKey(Table table) {
        return session.first(PolicySql.PRIMARY_KEY, row -> row.texts(1), table.oid()).orElseThrow();
    }

    private record Owner(boolean owned, String owner, boolean superuser) {}

    /** Differences need the old values, and triggers need the owner's rights. */
    private void identity(Catalog.Described described) {
        Table table = described.table();
        List<String> primary = primaryKey(table);
        if (described.identity() == 'i' && !primary.equals(table.key())) {
            error(
                    "identity",
                    ("delta needs REPLICA IDENTITY FULL, which would tell the rows of table %s"
                                    + " apart by (%s) instead of (%s)")
                            .formatted(
                                    name,
                                    String.join(", ", primary),
                                    String.join(", ", table.key())),
                    "make (%s) the primary key, on every node, while nobody writes"
                            .formatted(String.join(", ", table.key())));
        }
        Owner owner =
                session.first(
                                ExamineSql.TABLE,
                                row -> new Owner(row.truth(1), row.text(2), row.truth(3)),
                                table.oid())
                        .orElseThrow();
        if (owner.owned) {
            return;
        }
        String cure =
                owner.superuser
                        ? "ALTER TABLE %s OWNER TO %s".formatted(Sql.name(name), role())
                        : "GRANT %s TO %s".formatted(Sql.name(owner.owner), role());
        error(
                "owner",
                "table %s belongs to %s, and the role %s has not its rights, so it may not say %s"
                        .formatted(
                                name,
                                owner.owner,
                                session.value(ExamineSql.USER),
                                described.identity() == 'f'
                                        ? "CREATE TRIGGER"
                                        : TableSql.identityFull(table)),
                cure);
    }
}
