package org.pgchorus.member;

import org.pgchorus.model.NodeName;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Plans a join: inventory in, list of steps out. Pure.
 *
 * <p>A join that was broken off goes on where its rows were complete. Before that it begins again:
 * the snapshot that its rows belonged to ended with it, and rows of two snapshots do not fit
 * together.
 */
public final class JoinPlanner {
    private static final String ROWS = "rows";

    private JoinPlanner() {}

    /** What to do, in this order. */
    public static List<JoinStep> plan(JoinInventory inventory) {
        List<JoinStep> steps = new ArrayList<>();
        for (int stray : inventory.strays()) {
            steps.add(new JoinStep.TakeBack(stray, inventory.newcomer(), "it had hardly begun"));
        }
        inventory
                .remains()
                .ifPresent(remains ->
                        obstacle(remains)
                                .ifPresent(why ->
                                        steps.add(
                                                new JoinStep.TakeBack(
                                                        remains.id(), inventory.newcomer(), why))));
        List<JoinStep> all = fresh(inventory);
        steps.addAll(all.subList(done(inventory, all).size(), all.size()));
        return steps;
    }

    /** The steps of an earlier join that do not have to be done again. */
    static List<JoinStep> done(JoinInventory inventory) {
        return done(inventory, fresh(inventory));
    }

    private static List<JoinStep> done(JoinInventory inventory, List<JoinStep> all) {
        int count = 0;
        Optional<JoinInventory.Remains> resumed =
                inventory.remains().filter(remains -> obstacle(remains).isEmpty());
        if (resumed.isPresent()) {
            for (int i = 0; i < all.size(); i++) {
                count = resumed.get().done().contains(all.get(i).word()) ? i + 1 : count;
            }
        }
        return all.subList(0, count);
    }

    /** The id that the newcomer gets by a plan. */
    public static int id(JoinInventory inventory) {
        return inventory
                .remains()
                .filter(remains -> obstacle(remains).isEmpty())
                .map(JoinInventory.Remains::id)
                .orElse(inventory.freshId());
    }

    private static Optional<String> obstacle(JoinInventory.Remains remains) {
        if (!remains.done().contains(ROWS)) {
            return Optional.of("its rows were not complete");
        }
        if (!remains.sameOrder()) {
            return Optional.of("it was ordered in another way, or the tables are others now");
        }
        if (!remains.sameMembers()) {
            return Optional.of("the group had other nodes then");
        }
        return remains.slotsStand() ? Optional.empty() : Optional.of("a slot of it is lost");
    }

    private static List<JoinStep> fresh(JoinInventory inventory) {
        NodeName newcomer = inventory.newcomer();
        List<NodeName> members = inventory.members();
        List<JoinStep> steps = new ArrayList<>();
        steps.add(new JoinStep.Examine(newcomer, !inventory.copySchema()));
        steps.add(new JoinStep.Note(id(inventory), members));
        steps.add(new JoinStep.Install(newcomer));
        if (inventory.copySchema()) {
            steps.add(new JoinStep.CopyTables(inventory.provider()));
        }
        steps.add(new JoinStep.Shut(newcomer, inventory.copyRows()));
        steps.add(new JoinStep.Slots(members));
        steps.add(new JoinStep.Fence(inventory.provider(), inventory.peers()));
        steps.add(
                inventory.copyRows()
                        ? new JoinStep.CopyRows(
                                inventory.provider(), inventory.tables(), inventory.jobs())
                        : new JoinStep.TrustRows(newcomer));
        if (inventory.copySchema()) {
            steps.add(new JoinStep.BuildIndexes(inventory.jobs()));
        }
        steps.add(new JoinStep.Arrange(newcomer));
        steps.add(new JoinStep.SlotsBack(newcomer, members));
        steps.add(new JoinStep.Enter(newcomer, members));
        steps.add(new JoinStep.Open(newcomer));
        return steps;
    }
}
