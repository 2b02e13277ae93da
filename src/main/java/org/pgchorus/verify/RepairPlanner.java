package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.verify.Divergence.Grave;
import org.pgchorus.verify.Divergence.Held;
import org.pgchorus.verify.Divergence.Live;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides what becomes of rows that differ. Pure.
 *
 * <p>By stamps it is the rule of all that moves rows: the highest stamp wins, and a deletion's
 * counts as well. A node without the row and without a tombstone has lost it. Rows that differ and
 * have the same stamp should not be; then what most nodes have is right, then what the writer has.
 */
public final class RepairPlanner {
    private static final String MOVING = "it was changed meanwhile";

    private final Keep keep;
    private final Map<NodeName, Integer> ids;

    /**
     * @param ids the numbers of the nodes that were compared, as stamps have them
     */
    public RepairPlanner(Keep keep, Map<NodeName, Integer> ids) {
        this.keep = keep;
        this.ids = Map.copyOf(ids);
    }

    /** What to do about one row. */
    public Remedy plan(Divergence row) {
        return switch (row) {
            case Divergence.Counted counted -> count(counted);
            case Divergence.Keyed keyed when !keyed.steady() -> new Remedy.Leave(keyed, MOVING);
            case Divergence.Keyed keyed ->
                    switch (keep) {
                        case Keep.LastWritten() -> lastWritten(keyed);
                        case Keep.RowsOf(NodeName node) -> rowOf(keyed, node);
                    };
        };
    }

    private Remedy count(Divergence.Counted row) {
        return switch (keep) {
            case Keep.LastWritten() ->
                    new Remedy.Leave(
                            row,
                            "the table has no key, so nobody knows which rows were written last;"
                                    + " --keep NODE says whose are right");
            case Keep.RowsOf(NodeName node) -> {
                long wanted = row.times().get(node);
                yield new Remedy.Count(
                        row,
                        wanted,
                        row.times().entrySet().stream()
                                .filter(e -> e.getValue() != wanted)
                                .map(Map.Entry::getKey)
                                .toList());
            }
        };
    }

    private Remedy lastWritten(Divergence.Keyed row) {
        Optional<NodeName> best =
                withRow(row).stream()
                        .max(
                                Comparator.comparing((NodeName n) -> live(row, n).stamp())
                                        .thenComparingLong(n -> votes(row, live(row, n)))
                                        .thenComparingInt(n -> wroteIt(row, n) ? 1 : 0)
                                        .thenComparingInt(n -> -ids.get(n)));
        if (best.isEmpty()) {
            return new Remedy.Leave(row, MOVING);
        }
        Optional<Stamp> erased =
                row.held().values().stream()
                        .filter(held -> held.live().isEmpty())
                        .flatMap(held -> held.grave().stream())
                        .map(Grave::stamp)
                        .max(Comparator.naturalOrder());
        Live right = live(row, best.get());
        if (erased.isPresent() && erased.get().compareTo(right.stamp()) > 0) {
            return new Remedy.Delete(row, erased.get(), withRow(row));
        }
        return new Remedy.Write(row, best.get(), right, unlike(row, right), false);
    }

    private Remedy rowOf(Divergence.Keyed row, NodeName node) {
        Held kept = row.held().get(node);
        if (kept.live().isEmpty()) {
            // A tombstone that no version of the row is later than; those on their way may be.
            Stamp highest =
                    withRow(row).stream()
                            .map(n -> live(row, n).stamp())
                            .max(Comparator.naturalOrder())
                            .orElse(Stamp.UNKNOWN);
            Stamp erased =
                    kept.grave()
                            .map(Grave::stamp)
                            .filter(stamp -> stamp.compareTo(highest) > 0)
                            .orElse(highest);
            return new Remedy.Delete(row, erased, withRow(row));
        }
        Live right = kept.live().get();
        List<NodeName> at = unlike(row, right);
        List<Grave> later =
                at.stream()
                        .map(n -> row.held().get(n))
                        .filter(held -> held.live().isEmpty())
                        .flatMap(held -> held.grave().stream())
                        .filter(grave -> grave.stamp().compareTo(right.stamp()) > 0)
                        .toList();
        if (later.stream().anyMatch(Grave::whole)) {
            return new Remedy.Leave(
                    row,
                    "the table was truncated after it was written; update it on node %s and it"
                                    .formatted(node)
                            + " comes back");
        }
        return new Remedy.Write(row, node, right, at, !later.isEmpty());
    }

    private static Live live(Divergence.Keyed row, NodeName node) {
        return row.held().get(node).live().orElseThrow();
    }

    private boolean wroteIt(Divergence.Keyed row, NodeName node) {
        return ids.get(node) == live(row, node).stamp().node();
    }

    private static List<NodeName> withRow(Divergence.Keyed row) {
        return row.held().entrySet().stream()
                .filter(e -> e.getValue().live().isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    private static long votes(Divergence.Keyed row, Live live) {
        return withRow(row).stream()
                .filter(n -> live(row, n).digest().equals(live.digest()))
                .count();
    }

    /** The nodes that have another row, or none. */
    private static List<NodeName> unlike(Divergence.Keyed row, Live right) {
        return row.held().entrySet().stream()
                .filter(e ->
                        e.getValue()
                                .live()
                                .filter(l -> l.digest().equals(right.digest()))
                                .isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }
}
