package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ObjectNames;

import java.util.List;
import java.util.concurrent.ThreadFactory;

/**
 * All that the steps of one join work with.
 *
 * @param identity who the newcomer becomes
 * @param provider the node that the rows come from
 * @param tables those that take part
 * @param sessions with every node of the group and with the newcomer
 */
record JoinWork(
        JoinRequest request,
        Identity identity,
        Member provider,
        List<TableName> tables,
        JoinSessions sessions,
        JoinProgress progress,
        ThreadFactory threads) {
    Session newcomer() {
        return sessions.newcomer();
    }

    List<Member> members() {
        return sessions.members();
    }

    Session via() {
        return sessions.of(provider.id());
    }

    Address to() {
        return request.node().address();
    }

    JoinEntry entry() {
        return JoinEntry.of(identity.nodeId(), request);
    }

    /** The link from a member to the newcomer. */
    String linkInto(int member) {
        return ObjectNames.link(identity.groupId(), member, identity.nodeId());
    }

    /** The link from the newcomer to a member. */
    String linkFrom(int member) {
        return ObjectNames.link(identity.groupId(), identity.nodeId(), member);
    }

    Member asMember() {
        return new Member(identity.nodeId(), identity.name(), to(), "joining");
    }
}
