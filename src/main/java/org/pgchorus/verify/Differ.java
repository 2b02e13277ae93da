package org.pgchorus.verify;

import org.pgchorus.model.NodeName;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which rows differ. Pure.
 *
 * <p>Law: a row is confirmed only if it cannot be one under way. Take a node A that has version v
 * at the first reading and, unchanged since, at one that follows a fence: v was committed before
 * the fence, so every node has applied it by then. Had another node B another version w all that
 * time, w would likewise have reached A; one of the two is the later, and the other node would have
 * taken it. If B has no row, it may have got v and a delete after the fence began, and that may not
 * have reached A: then it takes a second fence, behind which A knows every delete that B had at the
 * reading before. A row that was changed and changed back is told by its xmin. Rows without a key
 * are counted, and counts may go up and down again: they take two fences too.
 */
final class Differ {
    private Differ() {}

    /** The rows that are not the same on all nodes. */
    static List<Suspect> suspects(Map<NodeName, Map<RowKey, RowVersion>> listings) {
        Map<RowKey, Map<NodeName, RowVersion>> byKey = new LinkedHashMap<>();
        listings.forEach((node, rows) ->
                rows.forEach((key, version) ->
                        byKey.computeIfAbsent(key, _ -> new HashMap<>()).put(node, version)));
        List<Suspect> suspects = new ArrayList<>();
        byKey.forEach((key, seen) -> {
            if (differs(seen, listings.keySet())) {
                suspects.add(new Suspect(key, seen));
            }
        });
        return suspects;
    }

    private static boolean differs(Map<NodeName, RowVersion> seen, Set<NodeName> nodes) {
        return !seen.isEmpty()
                && (seen.size() < nodes.size()
                        || seen.values().stream().map(RowVersion::digest).distinct().count() > 1);
    }

    /**
     * What becomes of a suspect.
     *
     * @param again what each node has now, behind a fence that began after the last reading
     * @param nodes all that are compared
     * @param keyed whether it is a row with a key
     */
    static Ruling rule(
            Suspect suspect, Map<NodeName, RowVersion> again, Set<NodeName> nodes, boolean keyed) {
        if (!differs(again, nodes)) {
            return new Ruling.Cleared();
        }
        if (!again.equals(suspect.seen())) {
            return new Ruling.Again(new Suspect(suspect.key(), again));
        }
        int stood = suspect.stood() + 1;
        int needed = keyed && again.size() == nodes.size() ? 1 : 2;
        return stood >= needed
                ? new Ruling.Confirmed()
                : new Ruling.Again(new Suspect(suspect.key(), again, stood));
    }
}
