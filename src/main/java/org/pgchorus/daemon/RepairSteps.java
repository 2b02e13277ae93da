package org.pgchorus.daemon;

import org.pgchorus.daemon.Repair.Scripted;
import org.pgchorus.link.Mend;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.sql.RepairScript;
import org.pgchorus.verify.Divergence.Held;
import org.pgchorus.verify.Divergence.Live;
import org.pgchorus.verify.Remedy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** What remedies come to on each node: as steps, and as SQL. Pure. */
final class RepairSteps {
    private final RepairScript script;
    private final Function<NodeName, String> origin;

    /**
     * @param origin what a node's repairs are written under
     */
    RepairSteps(
            TableName table,
            List<String> columns,
            List<String> key,
            Function<NodeName, String> origin) {
        this.origin = origin;
        script = new RepairScript(table, columns, key);
    }

    /** The steps of each node, in the order of the remedies. */
    static Map<NodeName, List<Mend>> mends(List<Remedy> remedies) {
        Map<NodeName, List<Mend>> mends = new TreeMap<>();
        for (Remedy remedy : remedies) {
            for (NodeName node : nodes(remedy)) {
                mends.computeIfAbsent(node, _ -> new ArrayList<>()).add(mend(remedy, node));
            }
        }
        return mends;
    }

    private static List<NodeName> nodes(Remedy remedy) {
        return switch (remedy) {
            case Remedy.Write write -> write.at();
            case Remedy.Delete delete -> delete.at();
            case Remedy.Count count -> count.at();
            case Remedy.Leave _ -> List.of();
        };
    }

    private static Mend mend(Remedy remedy, NodeName node) {
        List<String> key = remedy.row().key().values();
        return switch (remedy) {
            case Remedy.Write write -> {
                Held held = write.row().held().get(node);
                yield new Mend.Put(
                        key,
                        held.live().map(RepairSteps::version),
                        held.grave().map(g -> g.stamp()),
                        write.right().values(),
                        write.right().stamp(),
                        write.overGrave());
            }
            case Remedy.Delete delete ->
                    new Mend.Remove(key, version(live(delete, node)), delete.erased());
            case Remedy.Count count ->
                    new Mend.Recount(
                            key,
                            count.row().values(),
                            count.row().times().get(node),
                            count.wanted());
            case Remedy.Leave _ -> throw new IllegalStateException("nothing to do");
        };
    }

    private static Live live(Remedy.Delete delete, NodeName node) {
        return delete.row().held().get(node).live().orElseThrow();
    }

    private static Mend.Version version(Live live) {
        return new Mend.Version(live.values(), live.xmin(), live.stamp());
    }

    /** The same as statements. */
    List<Scripted> script(List<Remedy> remedies) {
        List<Scripted> all = new ArrayList<>();
        for (Remedy remedy : remedies) {
            for (NodeName node : nodes(remedy)) {
                String head = RepairScript.head(origin.apply(node));
                all.add(new Scripted(node, head, statements(remedy, node)));
            }
        }
        return all;
    }

    private String statements(Remedy remedy, NodeName node) {
        List<String> key = remedy.row().key().values();
        return switch (remedy) {
            case Remedy.Write write ->
                    RepairScript.stamped(
                            time(write.right().stamp()),
                            write.row()
                                    .held()
                                    .get(node)
                                    .live()
                                    .map(l -> script.update(key, l.xmin(), write.right().values()))
                                    .orElseGet(() -> script.insert(write.right().values())));
            case Remedy.Delete delete ->
                    RepairScript.stamped(
                            time(delete.erased()), script.delete(key, live(delete, node).xmin()));
            case Remedy.Count count -> {
                long missing = count.wanted() - count.row().times().get(node);
                String one =
                        missing > 0
                                ? script.insert(count.row().values())
                                : script.deleteOne(count.row().values());
                yield RepairScript.stamped(Optional.empty(), one)
                        .repeat(Math.toIntExact(Math.abs(missing)));
            }
            case Remedy.Leave _ -> "";
        };
    }

    private static Optional<String> time(Stamp stamp) {
        return Optional.of(stamp)
                .filter(s -> s.micros() > Stamp.UNKNOWN.micros())
                .map(s -> Stamp.instantOf(s.micros()).toString());
    }
}
