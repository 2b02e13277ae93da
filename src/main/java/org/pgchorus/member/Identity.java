package org.pgchorus.member;

import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;

import java.util.Optional;

/** Which node a database is. */
public record Identity(String groupId, int nodeId, NodeName name) {
    /** What a database says of itself; empty if it is in no group. */
    public static Optional<Identity> of(Session session) {
        if (!session.value(MemberSql.INSTALLED).equals("t")) {
            return Optional.empty();
        }
        return session.first(
                MemberSql.LOCAL,
                row -> new Identity(row.text(1), (int) row.number(2), new NodeName(row.text(3))));
    }
}
