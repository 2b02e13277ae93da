package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The note of a join that is not at its end, as nodes of the group and the newcomer keep it.
 *
 * @param address without a password
 * @param tablesFrom {@code copy} or {@code existing}
 * @param rowsFrom {@code copy} or {@code none}
 * @param step what was being done last
 */
record JoinEntry(
        int id, NodeName name, Address address, String tablesFrom, String rowsFrom, String step) {
    /** What a request will be noted as. */
    static JoinEntry of(int id, JoinRequest request) {
        return new JoinEntry(
                id,
                request.node().name(),
                request.node().address().withoutPassword(),
                request.schema().name().toLowerCase(Locale.ROOT),
                request.copyData() ? "copy" : "none",
                "begins");
    }

    private static JoinEntry read(Session.Answer row) {
        return new JoinEntry(
                (int) row.number(1),
                new NodeName(row.text(2)),
                Address.parse(row.text(3)),
                row.text(4),
                row.text(5),
                row.text(6));
    }

    /** Those a node of the group knows. */
    static List<JoinEntry> all(Session member) {
        return member.query(JoinSql.ENTRIES, JoinEntry::read);
    }

    /** The newcomer's own; empty if it is in no group, or a full node of one. */
    static Optional<JoinEntry> own(Session newcomer) {
        return newcomer.value(JoinSql.KNOWN).equals("t")
                ? newcomer.first(JoinSql.OWN_ENTRY, JoinEntry::read)
                : Optional.empty();
    }

    void write(Session session) {
        session.update(JoinSql.NOTE, id, name, address.text(), tablesFrom, rowsFrom, step);
    }

    /** Whether it is the join of that very node, whatever else was ordered. */
    boolean isOf(NodeAddress node) {
        return name.equals(node.name()) && address.equals(node.address().withoutPassword());
    }

    boolean isLike(JoinEntry other) {
        return tablesFrom.equals(other.tablesFrom) && rowsFrom.equals(other.rowsFrom);
    }

    /** Refuses another join while this one is neither at its end nor taken back. */
    PgError refusal(Address via) {
        return PgError.refused(
                ("the join of node %s at %s was broken off (%s) and holds slots on every node; go"
                                + " on with it: pgchorus node join %s=%s --via %s, with the options"
                                + " it had; or take it back: the same with --undo")
                        .formatted(name, address.text(), step, name, address.text(), via.text()));
    }
}
