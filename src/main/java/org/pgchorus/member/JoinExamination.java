package org.pgchorus.member;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HeldSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Looks whether a join can work, before anything is made. Changes nothing. */
final class JoinExamination {
    private final JoinWork work;

    JoinExamination(JoinWork work) {
        this.work = work;
    }

    /** Refuses with every finding that stands in the way. */
    void examine() {
        Session via = work.via();
        Session newcomer = work.newcomer();
        String name = work.identity().name().text();
        List<TableName> tables = work.tables();
        refuseHolding(via, work.provider());
        Residues.requireRoom(via, work.identity().nodeId(), work.members());
        List<Finding> findings = new ArrayList<>();
        for (Member member : work.members()) {
            findings.addAll(
                    new Examiner(work.sessions().of(member.id()), member.name().text(), 1)
                            .examine(List.of()));
        }
        findings.addAll(
                Examiner.ofNewcomer(newcomer, name, work.members().size(), work.request().jobs())
                        .examine(tables));
        findings.addAll(new Comparison(via, newcomer, name).locales());
        Finding.requireNone(findings);
        if (work.request().schema() == JoinRequest.Schema.EXISTING) {
            Finding.requireNone(
                    new Comparison(via, newcomer, name).tables(tables, work.request().copyData()));
            policies(newcomer, work);
        } else {
            SchemaCopy.requireTools(via);
            Finding.requireNone(new Comparison(via, newcomer, name).absent(tables));
        }
    }

    /** What a node holds back is neither in a snapshot of it nor sent from where it stands. */
    static void refuseHolding(Session session, Member provider) {
        List<String> held =
                session.query(HeldSql.ANY, row -> row.text(2) + " from node " + row.text(1));
        if (!held.isEmpty()) {
            throw PgError.refused(
                    ("node %s holds changes that it cannot apply (%s), so a copy of it would lack"
                                    + " them; mend what pgchorus status says of them, or join via"
                                    + " another node")
                            .formatted(provider.name(), String.join(", ", held)));
        }
    }

    /** Whether the newcomer's tables are fit for the policies that come with them. */
    static void policies(Session newcomer, JoinWork work) {
        Map<TableName, Policy> policies = Catalog.policies(work.via());
        policies.keySet().retainAll(work.tables());
        List<Finding> findings = new ArrayList<>();
        policies.forEach((table, policy) ->
                findings.addAll(
                        new PolicyExaminer(newcomer, work.identity().name().text(), table)
                                .examine(policy)));
        Finding.requireNone(findings);
    }
}
