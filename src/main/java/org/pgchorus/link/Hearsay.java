package org.pgchorus.link;

import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.HeldSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ObjectNames;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What a writer says of itself in its stream: what it has applied, whether it is ready, who serves
 * it. Written down in the transaction that brings it.
 *
 * <p>One thread, the session's.
 */
final class Hearsay {
    /** How often a heartbeat is written down; the others only count in memory. */
    private static final long PERSIST_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final LinkPlan plan;
    private final Session target;
    private final Applied applied;
    private final Map<Integer, Long> seenByWriter = new TreeMap<>();
    private String heardTenure;
    private long persistedNanos;
    private Announcement announcement;

    Hearsay(LinkPlan plan, Session target, Applied applied) {
        this.plan = plan;
        this.target = target;
        this.applied = applied;
        target.query(
                        LinkSql.PROGRESS,
                        row -> Map.entry((int) row.number(1), row.number(2)),
                        plan.fromId())
                .forEach(entry -> seenByWriter.put(entry.getKey(), entry.getValue()));
        heardTenure =
                target.first(LinkSql.HEARD_TENURE, row -> row.text(1), plan.fromId()).orElse("");
    }

    /** By node, the commit time up to which the writer had applied it; grows in place. */
    Map<Integer, Long> seenByWriter() {
        return Collections.unmodifiableMap(seenByWriter);
    }

    /** Somebody said something in the transaction under way. */
    void hear(Message.LogicalMessage said) {
        if (said.prefix().equals(ObjectNames.MESSAGE_PREFIX)) {
            Announcement.parse(said.content()).ifPresent(heard -> announcement = heard);
        }
    }

    /** The transaction is complete; returns whether the database's has to be opened for it. */
    boolean take() {
        return switch (announcement) {
            case null -> false;
            case Announcement.Fence() -> true;
            case Announcement.Heartbeat beat -> {
                beat.appliedMicros().forEach((node, at) -> seenByWriter.merge(node, at, Math::max));
                boolean due = System.nanoTime() - persistedNanos > PERSIST_NANOS;
                yield due || !beat.tenure().equals(heardTenure);
            }
        };
    }

    /** Writes down what {@link #take} wanted the database's transaction for. */
    void persist(long commitMicros) {
        if (announcement instanceof Announcement.Heartbeat beat) {
            persist(beat, commitMicros);
        }
    }

    /** What was said is dealt with. */
    void done() {
        announcement = null;
    }

    private void persist(Announcement.Heartbeat beat, long commitMicros) {
        List<String> nodes = new ArrayList<>();
        List<String> peers = new ArrayList<>();
        List<String> micros = new ArrayList<>();
        beat.appliedMicros()
                .forEach((peer, at) -> {
                    nodes.add(Integer.toString(plan.fromId()));
                    peers.add(Integer.toString(peer));
                    micros.add(Long.toString(at));
                });
        long capped = applied.capped(plan.fromId(), commitMicros);
        nodes.add(Integer.toString(plan.toId()));
        peers.add(Integer.toString(plan.fromId()));
        micros.add(Long.toString(capped));
        target.update(
                LinkSql.NOTE_PROGRESS,
                nodes.toArray(new String[0]),
                peers.toArray(new String[0]),
                micros.toArray(new String[0]));
        if (capped < commitMicros) {
            target.update(HeldSql.NOTE_REACHED, commitMicros, plan.fromId());
        }
        target.update(LinkSql.NOTE_STATE, beat.state(), plan.fromId(), beat.state());
        target.update(LinkSql.HEAR_TENURE, plan.fromId(), beat.tenure());
        heardTenure = beat.tenure();
        persistedNanos = System.nanoTime();
    }
}
