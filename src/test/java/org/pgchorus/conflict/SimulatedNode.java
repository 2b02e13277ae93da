package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One node of a {@link SimulatedCluster}: one table of a few keys, tombstones, a stream, a clock.
 *
 * <p>Applies as the product must: {@link Referee} decides, this only obeys.
 */
final class SimulatedNode {
    private static final int ALL = Message.ALL_KEYS;
    private static final Standing ABSENT = new Standing.Absent();
    private static final Message.Writes NOT_IN_A_STREAM =
            new Message.Writes(Stamp.UNKNOWN, -1, List.of(), new int[0]);

    final int id;
    final List<Message> stream = new ArrayList<>();

    /** By node id: how many messages of its stream have been applied here. */
    final int[] cursors;

    private final SimulatedCluster cluster;
    private final Standing[] standings;
    private final Message.Writes[] writtenBy;
    private final Stamp[] skipped;
    private Standing truncated = ABSENT;
    private Message.Writes truncatedBy = NOT_IN_A_STREAM;

    /** By node id: the highest commit or heartbeat time applied here. */
    private final long[] applied;

    /** By node id: the {@link #applied} of that node, as last heard. */
    private final long[][] heard;

    private List<Message.Step> uncommitted = List.of();
    private long uncommittedMicros;
    private int commitTick;

    SimulatedNode(SimulatedCluster cluster, int id, int nodes, int keys) {
        this.cluster = cluster;
        this.id = id;
        cursors = new int[nodes + 1];
        standings = new Standing[keys];
        Arrays.fill(standings, ABSENT);
        writtenBy = new Message.Writes[keys];
        Arrays.fill(writtenBy, NOT_IN_A_STREAM);
        skipped = new Stamp[keys];
        Arrays.fill(skipped, Stamp.UNKNOWN);
        applied = new long[nodes + 1];
        Arrays.fill(applied, Long.MIN_VALUE);
        heard = new long[nodes + 1][];
        Arrays.fill(heard, applied.clone());
    }

    /** A row that was there before the group was formed. */
    void copy(int key, Row row) {
        standings[key] = new Standing.Present(row, Stamp.UNKNOWN);
    }

    /** What stands under the key: the row, or the later of its own and the table's tombstone. */
    Standing standing(int key) {
        Standing standing = standings[key];
        return tableTombstoneCounts(standing) ? truncated : standing;
    }

    boolean isLocked(int key) {
        for (Message.Step step : uncommitted) {
            if (step.key() == key || step.key() == ALL || key == ALL) {
                return true;
            }
        }
        return false;
    }

    boolean hasUncommitted() {
        return !uncommitted.isEmpty();
    }

    /** Takes the commit time now, but stays invisible and out of the stream until that tick. */
    void hold(List<Message.Step> steps, long micros, int untilTick) {
        uncommitted = steps;
        uncommittedMicros = micros;
        commitTick = untilTick;
    }

    void release(int tick) {
        if (!uncommitted.isEmpty() && tick >= commitTick) {
            List<Message.Step> steps = uncommitted;
            uncommitted = List.of();
            commit(steps, uncommittedMicros);
        }
    }

    /** A client's transaction. */
    void commit(List<Message.Step> steps, long micros) {
        int[] saw = cursors.clone();
        saw[id] = stream.size();
        Message.Writes writes =
                new Message.Writes(new Stamp(micros, id), stream.size(), steps, saw);
        for (Message.Step step : steps) {
            if (step.key() == ALL) {
                Arrays.fill(standings, ABSENT);
                truncated = new Standing.Deleted(writes.stamp());
                truncatedBy = writes;
            } else {
                put(step.key(), obeyed(step, writes.stamp()), writes);
            }
        }
        stream.add(writes);
        applied[id] = Math.max(applied[id], micros);
        cluster.wrote(writes);
    }

    private static Standing obeyed(Message.Step step, Stamp stamp) {
        return step.whole().isEmpty()
                ? new Standing.Deleted(stamp)
                : new Standing.Present(step.whole().getFirst(), stamp);
    }

    void beat(long clockMicros) {
        stream.add(new Message.Heartbeat(clockMicros, applied.clone()));
    }

    /** Applies the next message of that node's stream; false if there is none or it must wait. */
    boolean applyNext(SimulatedNode source, long clockMicros) {
        if (cursors[source.id] == source.stream.size()) {
            return false;
        }
        boolean done =
                switch (source.stream.get(cursors[source.id])) {
                    case Message.Heartbeat heartbeat -> hear(source.id, heartbeat);
                    case Message.Writes writes ->
                            cluster.mayApply(writes.stamp(), clockMicros)
                                    && !isAnyLocked(writes.steps())
                                    && apply(source, writes);
                };
        if (done) {
            cursors[source.id]++;
        }
        return done;
    }

    private boolean isAnyLocked(List<Message.Step> steps) {
        for (Message.Step step : steps) {
            if (isLocked(step.key())) {
                return true;
            }
        }
        return false;
    }

    private boolean hear(int source, Message.Heartbeat heartbeat) {
        applied[source] = Math.max(applied[source], heartbeat.micros());
        heard[source] = heartbeat.applied();
        forgetTombstones();
        return true;
    }

    private boolean apply(SimulatedNode source, Message.Writes writes) {
        for (Message.Step step : writes.steps()) {
            if (step.key() == ALL) {
                truncate(source, writes, step.change());
            } else {
                applyStep(source, writes, step);
            }
        }
        applied[source.id] = Math.max(applied[source.id], writes.stamp().micros());
        return true;
    }

    private void truncate(SimulatedNode source, Message.Writes writes, KeyChange delete) {
        for (int key = 0; key < standings.length; key++) {
            if (standings[key] instanceof Standing.Present) {
                Decision decision = decide(delete, writes, key, source);
                if (decision.verdict() instanceof Verdict.Erase) {
                    standings[key] = ABSENT;
                }
            }
        }
        if (truncated.stamp().orElse(Stamp.UNKNOWN).compareTo(writes.stamp()) < 0) {
            truncated = new Standing.Deleted(writes.stamp());
            truncatedBy = writes;
        }
    }

    private void applyStep(SimulatedNode source, Message.Writes writes, Message.Step step) {
        int key = step.key();
        switch (decide(step.change(), writes, key, source).verdict()) {
            case Verdict.Write(Row after) ->
                    put(key, new Standing.Present(after, writes.stamp()), writes);
            case Verdict.Erase() -> put(key, new Standing.Deleted(writes.stamp()), writes);
            case Verdict.Keep() -> {}
            case Verdict.Complete() -> complete(source, writes, key);
        }
    }

    private void complete(SimulatedNode source, Message.Writes writes, int key) {
        if (source.standings[key] instanceof Standing.Present(Row row, Stamp written)
                && written.equals(writes.stamp())) {
            put(key, new Standing.Present(row, written), writes);
        } else if (cluster.rules != Rules.SKIPS_FORGOTTEN
                && skipped[key].compareTo(writes.stamp()) < 0) {
            skipped[key] = writes.stamp();
        }
    }

    private void put(int key, Standing standing, Message.Writes writes) {
        standings[key] = standing;
        writtenBy[key] = writes;
    }

    private Decision decide(
            KeyChange change, Message.Writes writes, int key, SimulatedNode source) {
        Standing standing = standing(key);
        if (cluster.rules == Rules.TIE_BY_APPLIER && isTie(standing, writes.stamp())) {
            return id > source.id
                    ? new Decision(new Verdict.Keep(), Optional.empty(), Resolution.KEEP_LOCAL)
                    : Referee.decide(change, writes.stamp(), ABSENT, sight(source.id, key));
        }
        Decision decision = Referee.decide(change, writes.stamp(), standing, sight(source.id, key));
        if (decision.conflict().isEmpty() && !writerTrulyHadSeen(key, standing, writes)) {
            cluster.missedConflict(change, writes.stamp(), standing);
        }
        return decision;
    }

    private static boolean isTie(Standing standing, Stamp incoming) {
        return standing.stamp()
                .filter(held -> held.micros() == incoming.micros())
                .filter(held -> held.node() != incoming.node())
                .isPresent();
    }

    private boolean writerTrulyHadSeen(int key, Standing standing, Message.Writes writes) {
        Message.Writes held = tableTombstoneCounts(standings[key]) ? truncatedBy : writtenBy[key];
        return standing instanceof Standing.Absent
                || held.index() < 0
                || held.stamp().node() == writes.stamp().node()
                || held.index() < writes.saw()[held.stamp().node()];
    }

    private Sight sight(int writer, int key) {
        if (cluster.rules == Rules.COMPLETED_FROM_ANY_ROW) {
            return new Sight(writer, id, asMap(new long[applied.length], Long.MAX_VALUE), Map.of());
        }
        long ahead = cluster.rules == Rules.NO_MARGIN ? Sight.DISORDER_MICROS : 0;
        Sight sight = new Sight(writer, id, asMap(heard[writer], ahead), asMap(applied, ahead));
        return skipped[key].equals(Stamp.UNKNOWN) ? sight : sight.afterSkipping(skipped[key]);
    }

    private static Map<Integer, Long> asMap(long[] vector, long plus) {
        Map<Integer, Long> map = HashMap.newHashMap(vector.length);
        for (int node = 1; node < vector.length; node++) {
            boolean heardOf = vector[node] != Long.MIN_VALUE;
            map.put(node, heardOf ? vector[node] + plus : Long.MIN_VALUE);
        }
        return map;
    }

    private boolean tableTombstoneCounts(Standing standing) {
        return truncated instanceof Standing.Deleted(Stamp all)
                && switch (standing) {
                    case Standing.Absent() -> true;
                    case Standing.Present _ -> false;
                    case Standing.Deleted(Stamp erased) -> erased.compareTo(all) < 0;
                };
    }

    /** Deletes the tombstones that every node has surely seen, as far as is known here. */
    private void forgetTombstones() {
        long horizonMicros = horizonMicros();
        if (horizonMicros == Long.MIN_VALUE) {
            return;
        }
        long limitMicros = horizonMicros - Sight.DISORDER_MICROS;
        for (int key = 0; key < standings.length; key++) {
            if (isTombstoneUpTo(limitMicros, standings[key])) {
                put(key, ABSENT, NOT_IN_A_STREAM);
            }
        }
        if (isTombstoneUpTo(limitMicros, truncated)) {
            truncated = ABSENT;
        }
    }

    private static boolean isTombstoneUpTo(long micros, Standing standing) {
        return standing instanceof Standing.Deleted(Stamp erased) && erased.micros() <= micros;
    }

    private long horizonMicros() {
        long lowest = Long.MAX_VALUE;
        for (int node = 1; node < heard.length; node++) {
            long[] vector = node == id ? applied : heard[node];
            for (int peer = 1; peer < vector.length; peer++) {
                if (peer != node) {
                    lowest = Math.min(lowest, vector[peer]);
                }
            }
        }
        return lowest;
    }
}
