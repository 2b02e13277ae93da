package org.pgchorus.verify;

import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.ForeignKeys;
import org.pgchorus.sql.OrphanSql;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;

/**
 * Looks for rows of a table whose parents are missing, on each node: foreign keys are not checked
 * while changes are applied. Those that are there before and behind a fence count: the parent of
 * another is on its way.
 */
final class Orphanage {
    /** Of each foreign key, on each node: more say nothing new. */
    private static final long MOST = 100;

    private final List<Node> nodes;
    private final Fence fence;
    private final Executor executor;

    Orphanage(List<Node> nodes, Fence fence, Executor executor) {
        this.nodes = nodes;
        this.fence = fence;
        this.executor = executor;
    }

    private record Id(String constraint, String parent, String key, String reference)
            implements Comparable<Id> {
        private static final Comparator<Id> ORDER =
                Comparator.comparing(Id::constraint)
                        .thenComparing(Id::key)
                        .thenComparing(Id::reference)
                        .thenComparing(Id::parent);

        @Override
        public int compareTo(Id other) {
            return ORDER.compare(this, other);
        }
    }

    /**
     * Those of one table.
     *
     * @param notes is told if not all could be looked for
     */
    List<Orphaned> of(TableName table, List<String> notes) throws Unreadable, InterruptedException {
        Map<NodeName, List<Id>> first = ask(table);
        if (first.values().stream().allMatch(List::isEmpty)) {
            return List.of();
        }
        if (!fence.pass().isEmpty()) {
            notes.add("its orphans cannot be told from those whose parents are on their way");
            return List.of();
        }
        SortedMap<Id, TreeSet<NodeName>> settled = new TreeMap<>();
        ask(table)
                .forEach((node, again) ->
                        again.stream()
                                .filter(first.get(node)::contains)
                                .forEach(id ->
                                        settled.computeIfAbsent(id, _ -> new TreeSet<>())
                                                .add(node)));
        return settled.entrySet().stream()
                .map(e ->
                        new Orphaned(
                                e.getKey().constraint,
                                e.getKey().parent,
                                e.getKey().key,
                                e.getKey().reference,
                                e.getValue()))
                .toList();
    }

    private Map<NodeName, List<Id>> ask(TableName table) throws Unreadable {
        return Sides.ask(nodes, Node::name, node -> at(node, table), executor);
    }

    private static List<Id> at(Node node, TableName table) {
        List<Id> found = new ArrayList<>();
        for (ForeignKey fk : ForeignKeys.between(node.session(), id -> id.table().equals(table))) {
            found.addAll(
                    node.session()
                            .query(
                                    OrphanSql.find(fk, false),
                                    row ->
                                            new Id(
                                                    fk.id().name(),
                                                    fk.parent().name().toString(),
                                                    row.text(1),
                                                    row.text(2)),
                                    MOST));
        }
        return found;
    }
}
