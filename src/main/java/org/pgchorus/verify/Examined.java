package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RepairSql;
import org.pgchorus.verify.Divergence.Grave;
import org.pgchorus.verify.Divergence.Held;
import org.pgchorus.verify.Divergence.Live;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A table that was compared, and from which the rows that differ can be read as a repair needs
 * them: some at a time, since they may be large.
 *
 * <p>One thread, the comparison's.
 */
public final class Examined {
    private final TableReport report;
    private final Optional<Sides> sides;
    private final List<Suspect> confirmed;
    private final List<String> held;

    Examined(
            TableReport report, Optional<Sides> sides, List<Suspect> confirmed, List<String> held) {
        this.report = report;
        this.sides = sides;
        this.held = List.copyOf(held);
        this.confirmed = List.copyOf(confirmed);
    }

    /** What was found. */
    public TableReport report() {
        return report;
    }

    /** Changes of the table that nodes hold back: what they will make of it is not known. */
    public List<String> held() {
        return held;
    }

    /** The keys of the rows that differ; of a table without a key, their hashes. */
    public List<RowKey> keys() {
        return confirmed.stream().map(Suspect::key).toList();
    }

    /** The table's key columns; empty without a key. */
    public List<String> keyColumns() {
        return sides.map(s -> s.each().getFirst().table().key()).orElse(List.of());
    }

    /**
     * The columns that can be written, in the order in which values are given.
     *
     * @throws PgError if they are not the same on all nodes
     */
    public List<String> columns() {
        List<List<String>> all =
                sides.orElseThrow().each().stream()
                        .map(side -> RepairSql.columns(side.table()))
                        .distinct()
                        .toList();
        if (all.size() > 1) {
            throw PgError.refused(
                    "columns of %s are generated on some nodes only".formatted(report.table()));
        }
        return all.getFirst();
    }

    /**
     * Reads some of the rows that differ as they are now.
     *
     * @param from the place of the first, counted from 0
     * @param before the place behind the last
     */
    public List<Divergence> read(int from, int before) {
        List<Suspect> some = confirmed.subList(from, before);
        Sides asked = sides.orElseThrow();
        try {
            return asked.each().getFirst().table().hasKey()
                    ? keyed(asked, some)
                    : counted(asked, some);
        } catch (Unreadable e) {
            throw PgError.busy(e.getMessage());
        }
    }

    private static List<Divergence> keyed(Sides sides, List<Suspect> some) throws Unreadable {
        List<RowKey> keys = some.stream().map(Suspect::key).toList();
        // Rows first: a delete and its tombstone commit together, so one of the two is seen.
        Map<NodeName, Map<RowKey, Live>> rows = sides.all(side -> rows(side, keys));
        Map<NodeName, Map<RowKey, Grave>> graves = sides.all(side -> graves(side, keys));
        List<Divergence> read = new ArrayList<>();
        for (Suspect suspect : some) {
            SortedMap<NodeName, Held> held = new TreeMap<>();
            Map<NodeName, RowVersion> seen = new HashMap<>();
            for (Side side : sides.each()) {
                NodeName node = side.name();
                Optional<Live> live = Optional.ofNullable(rows.get(node).get(suspect.key()));
                live.ifPresent(l -> seen.put(node, new RowVersion(l.digest(), l.xmin())));
                held.put(
                        node,
                        new Held(live, Optional.ofNullable(graves.get(node).get(suspect.key()))));
            }
            read.add(new Divergence.Keyed(suspect.key(), held, seen.equals(suspect.seen())));
        }
        return read;
    }

    private static Map<RowKey, Live> rows(Side side, List<RowKey> keys) {
        Map<RowKey, Live> rows = new HashMap<>();
        Table table = side.table();
        side.node()
                .session()
                .query(
                        RepairSql.rows(side.sql(), table),
                        row ->
                                rows.put(
                                        new RowKey(row.texts(1)),
                                        new Live(
                                                row.texts(4),
                                                row.text(2),
                                                row.text(3),
                                                stamp(row, 5))),
                        side.byColumn(keys));
        return rows;
    }

    private static Map<RowKey, Grave> graves(Side side, List<RowKey> keys) {
        Map<RowKey, Grave> graves = new HashMap<>();
        side.node()
                .session()
                .query(
                        RepairSql.graves(side.table()),
                        row ->
                                graves.put(
                                        new RowKey(row.texts(1)),
                                        new Grave(stamp(row, 2), row.truth(4))),
                        (Object) keys.stream().map(Examined::array).toArray(String[]::new));
        return graves;
    }

    private static Stamp stamp(Session.Answer row, int column) {
        return new Stamp(
                row.number(column, Stamp.UNKNOWN.micros()),
                (int) row.number(column + 1, Stamp.UNKNOWN.node()));
    }

    /** An array's text form. */
    private static String array(RowKey key) {
        return key.values().stream()
                .map(v -> '"' + v.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static List<Divergence> counted(Sides sides, List<Suspect> some) throws Unreadable {
        Object hashes = Side.firstHashes(some.stream().map(Suspect::key).toList());
        Map<RowKey, List<String>> values = new HashMap<>();
        sides.all(
                        side -> {
                            Map<RowKey, List<String>> there = new HashMap<>();
                            side.node()
                                    .session()
                                    .query(
                                            RepairSql.rowsOfHashes(side.sql(), side.table()),
                                            row ->
                                                    there.put(
                                                            new RowKey(row.texts(1)), row.texts(2)),
                                            hashes);
                            return there;
                        })
                .values()
                .forEach(values::putAll);
        List<Divergence> read = new ArrayList<>();
        for (Suspect suspect : some) {
            SortedMap<NodeName, Long> times = new TreeMap<>();
            for (Side side : sides.each()) {
                RowVersion seen = suspect.seen().get(side.name());
                times.put(side.name(), seen == null ? 0 : Long.parseLong(seen.digest()));
            }
            if (values.containsKey(suspect.key())) {
                read.add(new Divergence.Counted(suspect.key(), values.get(suspect.key()), times));
            }
        }
        return read;
    }
}
