package org.pgchorus.member;

import org.pgchorus.model.NodeName;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a join has to know before it is planned.
 *
 * @param freshId for the newcomer: an id that no node ever had
 * @param provider where the rows come from
 * @param members all nodes of the group, the provider among them, the newcomer not
 * @param tables how many take part
 * @param remains what an earlier join of the same node left at the newcomer, and on the nodes
 * @param strays ids of earlier joins of it that only the group's nodes know of
 */
public record JoinInventory(
        NodeName newcomer,
        int freshId,
        NodeName provider,
        List<NodeName> members,
        boolean copySchema,
        boolean copyRows,
        int tables,
        int jobs,
        Optional<Remains> remains,
        List<Integer> strays) {
    /** Copies the lists. */
    public JoinInventory {
        members = List.copyOf(members);
        strays = List.copyOf(strays);
    }

    /** The nodes that are not the provider. */
    public List<NodeName> peers() {
        return members.stream().filter(m -> !m.equals(provider)).toList();
    }

    /**
     * What a join that was broken off left behind.
     *
     * @param done words of the steps that the newcomer's journal has as done
     * @param sameOrder whether it was ordered as this one is: schema, rows, tables
     * @param sameMembers whether the group has the same nodes as then
     * @param slotsStand whether every slot made for it is there and can be read
     */
    public record Remains(
            int id, Set<String> done, boolean sameOrder, boolean sameMembers, boolean slotsStand) {
        /** Copies the set. */
        public Remains {
            done = Set.copyOf(done);
        }
    }
}
