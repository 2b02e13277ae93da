package org.pgchorus.member;

import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.SequenceSql;
import org.pgchorus.sql.Sql;

import java.util.List;
import java.util.Optional;

/**
 * Numbers that only one node gives out: with sequences spread for n nodes, each counts by n, and a
 * node's numbers are those that leave its id's remainder when divided by n.
 *
 * @param nodes for how many nodes
 */
public record Residues(int nodes) {
    /** Room for most groups; an integer column still has 67 million numbers for each node. */
    public static final int USUAL = 32;

    /** More would leave an integer column less than a million numbers for each. */
    public static final int MOST = 2048;

    /** Refuses what makes no sense. */
    public Residues {
        if (nodes < 2 || nodes > MOST) {
            throw new IllegalArgumentException(
                    "sequences are spread for 2 to %d nodes, not %d".formatted(MOST, nodes));
        }
    }

    /** As a database has it; empty if its sequences are not spread. */
    public static Optional<Residues> of(Session session) {
        return Optional.ofNullable(session.value(SequenceSql.SPREAD_FOR))
                .map(text -> new Residues(Integer.parseInt(text)));
    }

    /** The lowest number of a node that is at least so much. */
    public long from(long least, int node) {
        return least + Math.floorMod(node - least, (long) nodes);
    }

    /** Whether two nodes would give out the same numbers. */
    public boolean clash(int node, int other) {
        return node != other && Math.floorMod(node - other, nodes) == 0;
    }

    /**
     * Refuses a newcomer that would give out another node's numbers: ids are never used twice, so a
     * group in which many have come and gone needs more room.
     */
    static void requireRoom(Session session, int newcomer, List<Member> members) {
        Optional<Residues> spread = of(session);
        for (Member member : members) {
            if (spread.isPresent() && spread.get().clash(newcomer, member.id())) {
                throw PgError.refused(
                        ("sequences are spread for %d nodes, and the newcomer, with id %d, would"
                             + " give out the numbers of node %s; make room first: pgchorus"
                             + " sequence spread --nodes %d")
                                .formatted(
                                        spread.get().nodes,
                                        newcomer,
                                        member.name(),
                                        Integer.highestOneBit(newcomer) * 2));
            }
        }
    }

    /** A spread sequence of the provider, and how far it had counted. */
    record Counted(TableName name, long least, long last) {}

    /** The spread ones at the provider of a join. */
    static List<Counted> counted(Session provider) {
        return of(provider)
                .map(spread ->
                        provider
                                .query(
                                        SequenceSql.SPREAD,
                                        row ->
                                                new Counted(
                                                        new TableName(row.text(1), row.text(2)),
                                                        row.number(3),
                                                        0),
                                        spread.nodes)
                                .stream()
                                .map(it ->
                                        new Counted(
                                                it.name,
                                                it.least,
                                                provider.first(
                                                                SequenceSql.last(it.name),
                                                                row -> row.number(1))
                                                        .orElseThrow()))
                                .toList())
                .orElse(List.of());
    }

    /** Gives a newcomer its own numbers, all above those given out before they were spread. */
    static void adopt(Session newcomer, Optional<Residues> spread, List<Counted> all, int id) {
        for (Counted one : all) {
            Residues residues = spread.orElseThrow();
            if (newcomer.value(SequenceSql.EXISTS, Sql.name(one.name)).equals("t")) {
                newcomer.execute(SequenceSql.stride(one.name, residues.nodes));
                newcomer.execute(
                        SequenceSql.place(
                                one.name,
                                residues.from(one.least, id),
                                residues.from(one.last + 1, id)));
            }
        }
    }
}
