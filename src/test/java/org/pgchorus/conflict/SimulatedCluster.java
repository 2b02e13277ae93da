package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Two to five nodes that write, and apply what the others wrote, in an order that one seed settles:
 * no threads, no real time.
 *
 * <p>Time goes in ticks of 0.3 s, coarse on purpose: commits at the same microsecond on several
 * nodes are common. Every node has its own clock, up to 4.8 s from another's; some seeds let
 * transactions enter their node's stream later than their commit time tells, some let them become
 * visible at their node later than they enter its stream. A link is a stream with a cursor; it
 * delivers a random number of messages a tick, and is sometimes paused.
 */
final class SimulatedCluster {
    private static final long START_MICROS = 800_000_000_000_000L;
    private static final long TICK_MICROS = 300_000;
    private static final int WRITING_TICKS = 36;

    /** Commit wait takes at most 16 ticks, the longest stream a few hundred more. */
    private static final int SETTLING_TICKS = 2_000;

    /** Fewer than {@link Sight#DISORDER_MICROS} allows for. */
    private static final int MAX_DISORDER_TICKS = 3;

    /** As long as a synchronous standby may take; nothing depends on it. */
    private static final int MAX_INVISIBLE_TICKS = 8;

    private static final int[] STARTS = {0, 2, 4};
    private static final boolean[] TEXTS = new boolean[3];

    final Rules rules;

    /** Whether a link that must wait keeps what it read from a writer, or asks again. */
    final boolean waitsWithWhatWasRead;

    private final Dice dice;
    private final SimulatedNode[] nodes;
    private final long[] skewMicros;
    private final int[][] pausedUntilTick;
    private final int keys;
    private final boolean disorder;
    private final boolean lateToBeSeen;
    private final Stamp[] newest;
    private Optional<String> fault = Optional.empty();
    private int tick;
    private int values;

    SimulatedCluster(long seed, Rules rules) {
        this.rules = rules;
        dice = new Dice(seed);
        int count = 2 + dice.below(4);
        keys = 1 + dice.below(4);
        disorder = dice.oneIn(2);
        lateToBeSeen = dice.oneIn(2);
        waitsWithWhatWasRead = dice.oneIn(2);
        int maxSkewTicks = dice.oneIn(3) ? 0 : dice.below(9);
        nodes = new SimulatedNode[count + 1];
        skewMicros = new long[count + 1];
        pausedUntilTick = new int[count + 1][count + 1];
        newest = new Stamp[keys];
        for (int id = 1; id <= count; id++) {
            nodes[id] = new SimulatedNode(this, id, count, keys);
            skewMicros[id] = (dice.below(2 * maxSkewTicks + 1) - maxSkewTicks) * TICK_MICROS;
        }
        for (int key = 0; key < keys; key++) {
            newest[key] = Stamp.UNKNOWN;
            if (dice.oneIn(2)) {
                Row row = row(false, false);
                for (int id = 1; id <= count; id++) {
                    nodes[id].copy(key, row);
                }
            }
        }
    }

    /** Lets everybody write, then delivers everything. What went wrong, if anything. */
    Optional<String> run() {
        for (tick = 0; tick < WRITING_TICKS; tick++) {
            for (int id = 1; id < nodes.length; id++) {
                nodes[id].release(tick);
                act(nodes[id]);
                receive(nodes[id], false);
            }
        }
        for (int id = 1; id < nodes.length; id++) {
            nodes[id].release(Integer.MAX_VALUE);
        }
        while (!isAllDelivered()) {
            if (++tick > SETTLING_TICKS) {
                throw new AssertionError("a link is stuck");
            }
            for (int id = 1; id < nodes.length; id++) {
                receive(nodes[id], true);
            }
        }
        return fault.or(this::difference);
    }

    boolean mayApply(Stamp stamp, long clockMicros) {
        return rules == Rules.NO_COMMIT_WAIT || clockMicros > stamp.micros();
    }

    /** Keeps the highest stamp of every key: what must stand in the end. */
    void wrote(Message.Writes writes) {
        for (Message.Step step : writes.steps()) {
            int first = step.key() == Message.ALL_KEYS ? 0 : step.key();
            int last = step.key() == Message.ALL_KEYS ? keys - 1 : step.key();
            for (int key = first; key <= last; key++) {
                if (newest[key].compareTo(writes.stamp()) < 0) {
                    newest[key] = writes.stamp();
                }
            }
        }
    }

    /** Out of order, "seen up to" can be said of what was not seen; then this is no fault. */
    void missedConflict(KeyChange change, Stamp stamp, Standing standing) {
        if (!disorder && rules == Rules.TRUE) {
            fault = Optional.of(change + " " + stamp + " met unseen " + standing + " unrecorded");
        }
    }

    /** Commit wait is there so that nobody writes over what has a higher stamp. */
    void replaced(Standing standing, Stamp stamp) {
        boolean causal = standing.stamp().filter(held -> held.compareTo(stamp) >= 0).isEmpty();
        boolean asked = rules == Rules.TRUE || rules == Rules.NO_COMMIT_WAIT_ON_THE_OTHER_PATH;
        if (asked && !causal) {
            fault = Optional.of(stamp + " was written over " + standing);
        }
    }

    private long clockMicros(int id) {
        return START_MICROS + tick * TICK_MICROS + skewMicros[id];
    }

    private void act(SimulatedNode node) {
        if (dice.oneIn(3)) {
            write(node);
        }
        if (dice.oneIn(5)) {
            node.beat(clockMicros(node.id) - 1);
        }
    }

    private void write(SimulatedNode node) {
        if ((disorder || lateToBeSeen) && !node.hasUncommitted() && dice.oneIn(3)) {
            List<Message.Step> steps = someSteps(node);
            int sentTick = tick + (disorder ? dice.below(MAX_DISORDER_TICKS + 1) : 0);
            int seenTick = sentTick + (lateToBeSeen ? dice.below(MAX_INVISIBLE_TICKS + 1) : 0);
            if (!steps.isEmpty()) {
                node.hold(steps, clockMicros(node.id), sentTick, seenTick);
            }
            return;
        }
        int changes = 1 + dice.below(2);
        for (int i = 0; i < changes; i++) {
            List<Message.Step> steps = someSteps(node);
            if (!steps.isEmpty()) {
                node.commit(steps, clockMicros(node.id) + i);
            }
        }
    }

    /** What one transaction does; empty if it does nothing or would have to wait for a lock. */
    private List<Message.Step> someSteps(SimulatedNode node) {
        if (dice.oneIn(30)) {
            return node.isLocked(Message.ALL_KEYS)
                    ? List.of()
                    : List.of(deleteStep(Message.ALL_KEYS));
        }
        Standing[] seen = new Standing[keys];
        for (int key = 0; key < keys; key++) {
            seen[key] = node.standing(key);
        }
        List<Message.Step> steps = new ArrayList<>();
        int statements = dice.oneIn(4) ? 2 + dice.below(4) : 1;
        for (int i = 0; i < statements; i++) {
            int key = dice.below(keys);
            int target = dice.below(keys);
            if (!node.isLocked(key) && !node.isLocked(target)) {
                for (Message.Step step : statement(seen, key, target)) {
                    seen[step.key()] = SimulatedNode.obeyed(step, Stamp.UNKNOWN);
                    steps.add(step);
                }
            }
        }
        return steps;
    }

    private List<Message.Step> statement(Standing[] seen, int key, int target) {
        return switch (seen[key]) {
            case Standing.Absent _, Standing.Deleted _ -> List.of(insertStep(key));
            case Standing.Present(Row row, _) ->
                    switch (dice.below(8)) {
                        case 0 -> List.of(deleteStep(key));
                        case 1, 2 ->
                                seen[target] instanceof Standing.Present
                                        ? List.of()
                                        : List.of(deleteStep(key), updateStep(target, key, row));
                        default -> List.of(updateStep(key, key, row));
                    };
        };
    }

    private static Message.Step deleteStep(int key) {
        return new Message.Step(key, key, new KeyChange.Delete(), List.of());
    }

    private Message.Step insertStep(int key) {
        Row row = row(false, false);
        return new Message.Step(key, key, new KeyChange.Insert(row), List.of(row));
    }

    private Message.Step updateStep(int key, int replaced, Row before) {
        Row after = row(!dice.oneIn(4), !dice.oneIn(4));
        KeyChange change = new KeyChange.Update(after, key != replaced);
        return new Message.Step(key, replaced, change, List.of(after.completedFrom(before)));
    }

    /** A small column and two large ones, each with a value never used before or unchanged. */
    private Row row(boolean firstUnchanged, boolean secondUnchanged) {
        values++;
        byte high = (byte) ('!' + values / 90);
        byte low = (byte) ('!' + values % 90);
        int[] lengths = {2, firstUnchanged ? -2 : 2, secondUnchanged ? -2 : 2};
        return new Row(new byte[] {high, low, high, low, high, low}, STARTS, lengths, TEXTS);
    }

    private void receive(SimulatedNode node, boolean settling) {
        for (int source = 1; source < nodes.length; source++) {
            if (source == node.id || (!settling && isPaused(node.id, source))) {
                continue;
            }
            int count = dice.below(4);
            while (count > 0 && node.applyNext(nodes[source], clockMicros(node.id))) {
                count--;
            }
        }
    }

    private boolean isPaused(int target, int source) {
        if (pausedUntilTick[target][source] > tick) {
            return true;
        }
        if (dice.oneIn(12)) {
            pausedUntilTick[target][source] = tick + 1 + dice.below(20);
            return true;
        }
        return false;
    }

    private boolean isAllDelivered() {
        for (int id = 1; id < nodes.length; id++) {
            for (int source = 1; source < nodes.length; source++) {
                if (source != id && nodes[id].cursors[source] < nodes[source].stream.size()) {
                    return false;
                }
            }
        }
        return true;
    }

    private Optional<String> difference() {
        for (int key = 0; key < keys; key++) {
            Standing first = withoutTombstone(nodes[1].standing(key));
            for (int id = 1; id < nodes.length; id++) {
                Standing standing = withoutTombstone(nodes[id].standing(key));
                if (!standing.equals(first)) {
                    return Optional.of(
                            "key "
                                    + key
                                    + ": node 1 has "
                                    + first
                                    + ", node "
                                    + id
                                    + " has "
                                    + standing);
                }
            }
            if (first instanceof Standing.Present(_, Stamp written)
                    && !written.equals(newest[key])) {
                return Optional.of("key " + key + ": " + newest[key] + " was lost to " + first);
            }
        }
        return Optional.empty();
    }

    private static Standing withoutTombstone(Standing standing) {
        return standing instanceof Standing.Present ? standing : new Standing.Absent();
    }
}
