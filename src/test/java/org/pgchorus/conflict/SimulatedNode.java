package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
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

    /** What another node showed, and the transaction that wrote it. */
    private record Reading(AtWriter shown, Message.Writes writtenBy) {}

    final int id;
    final List<Message> stream = new ArrayList<>();

    /** By node id: how many messages of its stream have been applied here. */
    final int[] cursors;

    private final SimulatedCluster cluster;
    private final Standing[] standings;
    private final Message.Writes[] writtenBy;
    private Standing truncated = ABSENT;
    private Message.Writes truncatedBy = NOT_IN_A_STREAM;

    /** By node id: the highest commit or heartbeat time applied here. */
    private final long[] applied;

    /** By node id: the {@link #applied} of that node, as last heard. */
    private final long[][] heard;

    /** Holds locks; its commit time is taken. */
    private List<Message.Step> uncommitted = List.of();

    private long uncommittedMicros;
    private int sentTick;
    private int seenTick;

    /** The same transaction once it is in the stream, while nobody sees its rows here. */
    private Optional<Message.Writes> invisible = Optional.empty();

    /** What stood under the key of the last delete before it. */
    private Standing taken = ABSENT;

    /** What was read for a change that waits for the clock to pass it. */
    private final IdentityHashMap<Message.Step, Reading> readings = new IdentityHashMap<>();

    SimulatedNode(SimulatedCluster cluster, int id, int nodes, int keys) {
        this.cluster = cluster;
        this.id = id;
        cursors = new int[nodes + 1];
        standings = new Standing[keys];
        Arrays.fill(standings, ABSENT);
        writtenBy = new Message.Writes[keys];
        Arrays.fill(writtenBy, NOT_IN_A_STREAM);
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

    /** Takes the commit time now, but stays out of the stream, and invisible, for a while. */
    void hold(List<Message.Step> steps, long micros, int untilSentTick, int untilSeenTick) {
        uncommitted = steps;
        uncommittedMicros = micros;
        sentTick = untilSentTick;
        seenTick = untilSeenTick;
    }

    void release(int tick) {
        if (!uncommitted.isEmpty() && invisible.isEmpty() && tick >= sentTick) {
            invisible = Optional.of(send(uncommitted, uncommittedMicros));
        }
        if (invisible.isPresent() && tick >= seenTick) {
            show(invisible.get());
            invisible = Optional.empty();
            uncommitted = List.of();
        }
    }

    /** A client's transaction. */
    void commit(List<Message.Step> steps, long micros) {
        show(send(steps, micros));
    }

    private Message.Writes send(List<Message.Step> steps, long micros) {
        int[] saw = cursors.clone();
        saw[id] = stream.size();
        Message.Writes writes =
                new Message.Writes(new Stamp(micros, id), stream.size(), steps, saw);
        stream.add(writes);
        applied[id] = Math.max(applied[id], micros);
        cluster.wrote(writes);
        return writes;
    }

    private void show(Message.Writes writes) {
        for (Message.Step step : writes.steps()) {
            if (step.key() == ALL) {
                for (Standing standing : standings) {
                    cluster.replaced(standing, writes.stamp());
                }
                Arrays.fill(standings, ABSENT);
                truncated = new Standing.Deleted(writes.stamp());
                truncatedBy = writes;
            } else {
                if (!writtenBy[step.key()].stamp().equals(writes.stamp())) {
                    cluster.replaced(standing(step.key()), writes.stamp());
                }
                put(step.key(), obeyed(step, writes.stamp()), writes);
            }
        }
    }

    static Standing obeyed(Message.Step step, Stamp stamp) {
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
                                    && apply(source, writes, clockMicros);
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

    /** One transaction: all of it, or nothing if it has to wait. */
    private boolean apply(SimulatedNode source, Message.Writes writes, long clockMicros) {
        Standing[] standingsBefore = standings.clone();
        Message.Writes[] writtenByBefore = writtenBy.clone();
        for (Message.Step step : writes.steps()) {
            if (step.key() == ALL) {
                truncate(source, writes, step.change());
            } else if (!applyStep(source, writes, step, clockMicros)) {
                System.arraycopy(standingsBefore, 0, standings, 0, standings.length);
                System.arraycopy(writtenByBefore, 0, writtenBy, 0, writtenBy.length);
                return false;
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

    private boolean applyStep(
            SimulatedNode source, Message.Writes writes, Message.Step step, long clockMicros) {
        int key = step.key();
        Standing before = standing(key);
        boolean done =
                switch (decide(step.change(), writes, key, source).verdict()) {
                    case Verdict.Write(Row after) ->
                            put(key, new Standing.Present(after, writes.stamp()), writes);
                    case Verdict.Erase() -> put(key, new Standing.Deleted(writes.stamp()), writes);
                    case Verdict.Keep() -> true;
                    case Verdict.Complete() -> complete(source, writes, step, clockMicros);
                    case Verdict.Combine(), Verdict.Halt() ->
                            throw new AssertionError("not by stamps");
                };
        if (step.change() instanceof KeyChange.Delete) {
            taken = before;
        }
        return done;
    }

    private boolean complete(
            SimulatedNode source, Message.Writes writes, Message.Step step, long clockMicros) {
        int key = step.key();
        boolean moved = key != step.replaced();
        Row after = ((KeyChange.Update) step.change()).after();
        Standing replaced = moved ? taken : standing(key);
        if (moved) {
            Optional<Row> row = completedByMove(after, replaced, writes);
            if (row.isPresent()) {
                return put(key, new Standing.Present(row.get(), writes.stamp()), writes);
            }
        }
        if (cluster.rules == Rules.EARLIER_CHANGES_FORGOTTEN) {
            replaced = ABSENT;
        }
        Reading reading =
                Optional.ofNullable(readings.get(step)).orElseGet(() -> ask(source, writes, step));
        Completion completion =
                Referee.complete(after, writes.stamp(), standing(key), replaced, reading.shown());
        boolean done = obey(completion, reading, writes, key, clockMicros);
        if (!done && reading.shown().includesChange() && cluster.waitsWithWhatWasRead) {
            readings.put(step, reading);
        }
        return done;
    }

    private Reading ask(SimulatedNode source, Message.Writes writes, Message.Step step) {
        boolean visible =
                cluster.rules == Rules.INVISIBLE_TAKEN_FOR_REPLACED
                        || source.invisible
                                .filter(unseen -> unseen.stamp().equals(writes.stamp()))
                                .isEmpty();
        int key = visible ? step.key() : step.replaced();
        return new Reading(new AtWriter(source.standing(key), visible), source.writerOf(key));
    }

    private Optional<Row> completedByMove(Row after, Standing replaced, Message.Writes writes) {
        return cluster.rules == Rules.MOVED_ROW_OF_THE_SAME_STAMP_TRUSTED
                        && replaced instanceof Standing.Present(Row row, Stamp written)
                        && written.equals(writes.stamp())
                ? Optional.of(after.completedFrom(row))
                : Referee.completedByMove(
                        after, replaced, writes.stamp(), sight(writes.stamp().node()));
    }

    private boolean obey(
            Completion completion,
            Reading reading,
            Message.Writes writes,
            int key,
            long clockMicros) {
        return switch (completion) {
            case Completion.Write(_, Stamp stamp) when isSkipped(stamp, writes) -> true;
            case Completion.Erase(Stamp stamp) when isSkipped(stamp, writes) -> true;
            case Completion.Write(Row row, Stamp stamp) -> {
                Message.Writes by = stamp.equals(writes.stamp()) ? writes : reading.writtenBy();
                yield mayMerge(stamp, writes, clockMicros)
                        && put(key, new Standing.Present(row, stamp), by);
            }
            case Completion.Erase(Stamp stamp) ->
                    mayMerge(stamp, writes, clockMicros)
                            && put(key, new Standing.Deleted(stamp), reading.writtenBy());
            case Completion.Keep() -> true;
            case Completion.Wait() -> false;
        };
    }

    private boolean isSkipped(Stamp stamp, Message.Writes writes) {
        return cluster.rules == Rules.REPLACED_VERSIONS_SKIPPED && !stamp.equals(writes.stamp());
    }

    private boolean mayMerge(Stamp stamp, Message.Writes writes, long clockMicros) {
        return stamp.equals(writes.stamp())
                || cluster.rules == Rules.NO_COMMIT_WAIT_ON_THE_OTHER_PATH
                || cluster.mayApply(stamp, clockMicros);
    }

    private Message.Writes writerOf(int key) {
        return tableTombstoneCounts(standings[key]) ? truncatedBy : writtenBy[key];
    }

    private boolean put(int key, Standing standing, Message.Writes writes) {
        standings[key] = standing;
        writtenBy[key] = writes;
        return true;
    }

    private Decision decide(
            KeyChange change, Message.Writes writes, int key, SimulatedNode source) {
        Standing standing = standing(key);
        if (cluster.rules == Rules.TIE_BY_APPLIER && isTie(standing, writes.stamp())) {
            return id > source.id
                    ? new Decision(new Verdict.Keep(), Optional.empty(), Resolution.KEEP_LOCAL)
                    : Referee.decide(change, writes.stamp(), ABSENT, sight(source.id));
        }
        Decision decision = Referee.decide(change, writes.stamp(), standing, sight(source.id));
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
        Message.Writes held = writerOf(key);
        return standing instanceof Standing.Absent
                || held.index() < 0
                || held.stamp().node() == writes.stamp().node()
                || held.index() < writes.saw()[held.stamp().node()];
    }

    private Sight sight(int writer) {
        if (cluster.rules == Rules.COMPLETED_FROM_ANY_ROW) {
            return new Sight(
                    writer,
                    id,
                    asMap(new long[applied.length], Long.MAX_VALUE),
                    Map.of(writer, applied[writer]));
        }
        long ahead = cluster.rules == Rules.NO_MARGIN ? Sight.DISORDER_MICROS : 0;
        Map<Integer, Long> appliedHere = asMap(applied, ahead);
        appliedHere.put(
                writer,
                cluster.rules == Rules.STREAM_UNDOES_THE_OTHER_PATH
                        ? Long.MAX_VALUE
                        : applied[writer]);
        return new Sight(writer, id, asMap(heard[writer], ahead), appliedHere);
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
