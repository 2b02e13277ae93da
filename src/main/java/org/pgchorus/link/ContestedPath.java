package org.pgchorus.link;

import org.pgchorus.conflict.Decision;
import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Verdict;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes a group although others have written some of the rows that it updates: these are read and
 * locked in one question a table, the {@link Referee} decides each, and the winners are made in
 * bulk with all that nobody contests. What else is in the way is not for it.
 *
 * <p>One thread, the session's.
 */
final class ContestedPath {
    private static final Logger LOG = LoggerFactory.getLogger(ContestedPath.class);

    private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout = " + FastPath.LOCK_MILLIS;

    private final LinkPlan plan;
    private final Session target;
    private final Applier applier;
    private final Policies policies;
    private final FastPath fast;

    ContestedPath(
            LinkPlan plan, Session target, Applier applier, Policies policies, FastPath fast) {
        this.plan = plan;
        this.target = target;
        this.applier = applier;
        this.policies = policies;
        this.fast = fast;
    }

    /** A row of which the target has a version that the writer had not seen. */
    private record Contest(Arrival arrival, Change change, RowReader.Placed here) {}

    /**
     * Makes a group, each of whose transactions was to be made in bulk, in one of the target's.
     *
     * @return whether it is done; if not, nothing has happened
     */
    boolean make(List<Arrival> group, FastPath.Terms terms) {
        Gathering whole = new Gathering();
        IdentityHashMap<Change, Arrival> comingFrom = new IdentityHashMap<>();
        for (Arrival arrival : group) {
            for (Change change : arrival.changes()) {
                whole.add(change);
                comingFrom.put(change, arrival);
            }
        }
        if (whole.stages().size() != 1) {
            return false;
        }
        target.begin();
        try {
            target.later(LOCK_TIMEOUT);
            if (!make(whole.stages().getFirst(), comingFrom, terms)) {
                target.rollback();
                return false;
            }
            fast.move(group.getLast().endLsn(), terms.latestMicros());
            fast.await();
            target.commit();
            return true;
        } catch (PgError e) {
            LOG.debug("link {}: contested rows have to go one by one", plan.name(), e);
            target.rollback();
            return false;
        }
    }

    private boolean make(
            Map<BulkTable, Gathering.Part> stage,
            IdentityHashMap<Change, Arrival> comingFrom,
            FastPath.Terms terms) {
        Gathering uncontested = new Gathering();
        Map<BulkTable, List<Change>> winners = new LinkedHashMap<>();
        for (Map.Entry<BulkTable, Gathering.Part> part : stage.entrySet()) {
            BulkTable table = part.getKey();
            List<Change> updates = part.getValue().of(Change.Operation.UPDATE);
            Optional<List<Contest>> contests = contests(table, updates, comingFrom, terms);
            Optional<List<Change>> won = contests.flatMap(all -> decide(table.sql.rows(), all));
            if (won.isEmpty()) {
                return false;
            }
            winners.put(table, won.get());
            part.getValue().of(Change.Operation.DELETE).forEach(uncontested::add);
            without(updates, contests.get()).forEach(uncontested::add);
            part.getValue().of(Change.Operation.INSERT).forEach(uncontested::add);
        }
        target.settle();
        fast.enter();
        fast.change(uncontested, terms);
        winners.forEach((table, won) -> {
            if (!won.isEmpty()) {
                fast.overwrite(table, won, terms);
            }
        });
        return true;
    }

    /** The contested ones among updates; nothing if one of them cannot be decided here. */
    private Optional<List<Contest>> contests(
            BulkTable table,
            List<Change> updates,
            IdentityHashMap<Change, Arrival> comingFrom,
            FastPath.Terms terms) {
        if (updates.isEmpty()) {
            return Optional.of(List.of());
        }
        RowSql rows = table.sql.rows();
        Optional<List<RowReader.Placed>> here =
                applier.reader()
                        .placed(
                                rows,
                                table.sql.contested,
                                keys(table, updates),
                                updates.stream()
                                        .map(change -> Long.toString(change.micros()))
                                        .toArray(String[]::new),
                                terms.seenMicros(),
                                fast.origin());
        if (here.isEmpty() || !here.get().isEmpty() && !isPlain(rows)) {
            return Optional.empty();
        }
        List<Contest> contests = new ArrayList<>();
        for (RowReader.Placed one : here.get()) {
            Change change = updates.get(one.place() - 1);
            Arrival arrival = comingFrom.get(change);
            if (arrival == null) {
                // It stands for several, and each of them may be a conflict of its own.
                return Optional.empty();
            }
            contests.add(new Contest(arrival, change, one));
        }
        return Optional.of(contests);
    }

    /** Whether nothing but the key and the stamps decides. */
    private boolean isPlain(RowSql rows) {
        Policy policy = policies.of(rows.table().name());
        return policy.rule() == Policy.Rule.LAST_UPDATE_WINS
                && policy.deltaColumns().isEmpty()
                && applier.reader().unique(rows).isEmpty();
    }

    /** For each column of the key its values. */
    private static List<String[]> keys(BulkTable table, List<Change> updates) {
        RowSql rows = table.sql.rows();
        List<List<String>> keys = updates.stream().map(change -> rows.key(change.row())).toList();
        List<String[]> columns = new ArrayList<>();
        for (int i = 0; i < table.key.length; i++) {
            int column = i;
            columns.add(keys.stream().map(key -> key.get(column)).toArray(String[]::new));
        }
        return columns;
    }

    /** The winners, all conflicts noted; nothing if one needs more than the row at hand. */
    private Optional<List<Change>> decide(RowSql rows, List<Contest> contests) {
        List<Change> winners = new ArrayList<>();
        List<History.Meeting> conflicts = new ArrayList<>();
        for (Contest contest : contests) {
            Change change = contest.change;
            Stamp stamp = new Stamp(change.micros(), plan.fromId());
            Decision decision =
                    Referee.decide(
                            new KeyChange.Update(change.row(), false),
                            stamp,
                            contest.here.present(),
                            applier.sight(change.micros()),
                            Policy.Rule.LAST_UPDATE_WINS);
            switch (decision.verdict()) {
                case Verdict.Keep() -> {}
                // It came whole, so it is what is to be written.
                case Verdict.Write _ -> winners.add(change);
                case Verdict.Complete(), Verdict.Combine(), Verdict.Erase(), Verdict.Halt() -> {
                    return Optional.empty();
                }
            }
            decision.conflict()
                    .map(kind -> meeting(contest, stamp, kind, decision.resolution()))
                    .ifPresent(conflicts::add);
        }
        applier.history().recordAll(rows, conflicts);
        return Optional.of(winners);
    }

    private static History.Meeting meeting(
            Contest contest, Stamp stamp, Kind kind, Resolution resolution) {
        Arrival arrival = contest.arrival;
        return new History.Meeting(
                contest.here.present(),
                contest.change.row(),
                kind,
                resolution,
                new History.Cause(stamp, arrival.xid(), arrival.commitLsn()));
    }

    private static List<Change> without(List<Change> updates, List<Contest> contests) {
        Set<Change> contested = Collections.newSetFromMap(new IdentityHashMap<>());
        contests.forEach(contest -> contested.add(contest.change));
        return updates.stream().filter(change -> !contested.contains(change)).toList();
    }
}
