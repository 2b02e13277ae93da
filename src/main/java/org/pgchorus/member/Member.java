package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;

import java.util.List;

/**
 * A node as the group's catalog knows it.
 *
 * @param id never used twice in a group
 * @param address without a password
 * @param state {@code joining} or {@code ready}
 */
public record Member(int id, NodeName name, Address address, String state) {
    /** Whether it holds all rows and takes writes. */
    public boolean ready() {
        return state.equals("ready");
    }

    /** All nodes as one of them knows them, by id. */
    public static List<Member> all(Session session) {
        return session.query(
                MemberSql.MEMBERS,
                row ->
                        new Member(
                                (int) row.number(1),
                                new NodeName(row.text(2)),
                                Address.parse(row.text(3)),
                                row.text(4)));
    }
}
