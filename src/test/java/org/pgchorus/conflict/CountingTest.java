package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;

/** Counters of one key on several nodes, written everywhere, delivered in any order. */
class CountingTest {
    private static final int CLUSTERS = 20_000;

    /** One transaction with one change. {@code amount}: what a client's write added. */
    private record Write(KeyChange change, Optional<Row> before, Stamp stamp, BigDecimal amount) {}

    private record Entry(Stamp stamp, BigDecimal amount) {}

    /** How {@link Node#recount} is got wrong on purpose. */
    private enum Fault {
        NONE,
        NO_RECOUNT,
        OLD_AMOUNTS_COUNT,
        LOSERS_ADD_NOTHING
    }

    /** The row is (count, name of the write that won). */
    private static final class Node {
        final int id;
        final Fault fault;
        final List<Write> stream = new ArrayList<>();
        final Map<Integer, Integer> cursors = new HashMap<>();
        final Map<Integer, Long> applied = new HashMap<>();
        final List<Entry> entries = new ArrayList<>();
        Standing standing = new Standing.Absent();
        Optional<Stamp> erased = Optional.empty();

        Node(int id, Fault fault) {
            this.id = id;
            this.fault = fault;
        }

        /** A client does something that the row here allows. */
        void client(Random dice, long now) {
            Stamp stamp = new Stamp(now, id);
            String name = "w" + now;
            if (!(standing instanceof Standing.Present(Row row, _))) {
                Row after = Row.ofTexts(List.of(Integer.toString(dice.nextInt(100)), name));
                write(new KeyChange.Insert(after), Optional.empty(), stamp);
            } else if (dice.nextInt(4) == 0) {
                write(new KeyChange.Delete(), Optional.of(row), stamp);
            } else {
                BigDecimal count =
                        Counting.number(row, 0).add(BigDecimal.valueOf(dice.nextInt(19) - 9));
                Row after = Row.ofTexts(List.of(count.toPlainString(), name));
                write(new KeyChange.Update(after, false), Optional.of(row), stamp);
            }
        }

        private void write(KeyChange change, Optional<Row> before, Stamp stamp) {
            Row after = after(change);
            BigDecimal amount = after == null ? BigDecimal.ZERO : Counting.amount(after, before, 0);
            stream.add(new Write(change, before, stamp, amount));
            if (after == null) {
                standing = new Standing.Deleted(stamp);
                bury(stamp);
            } else {
                standing = new Standing.Present(after, stamp);
                entries.add(new Entry(stamp, amount));
            }
        }

        private void bury(Stamp stamp) {
            erased = Optional.of(erased.filter(e -> e.compareTo(stamp) > 0).orElse(stamp));
        }

        boolean deliver(Node source) {
            int at = cursors.getOrDefault(source.id, 0);
            if (at == source.stream.size()) {
                return false;
            }
            cursors.put(source.id, at + 1);
            apply(source.stream.get(at));
            return true;
        }

        private void apply(Write write) {
            Stamp stamp = write.stamp;
            Sight sight = new Sight(stamp.node(), id, Map.of(), Map.copyOf(applied));
            Verdict verdict = Referee.decide(write.change, stamp, standing, sight).verdict();
            Counting counting = Counting.of(write.change, stamp, standing, erased, sight);
            Stamp wins = verdict instanceof Verdict.Keep ? standing.stamp().orElseThrow() : stamp;
            switch (counting) {
                case Counting.Add(boolean toLocal) -> {
                    BigDecimal amount = Counting.amount(after(write.change), write.before, 0);
                    boolean adds = fault != Fault.LOSERS_ADD_NOTHING || wins.equals(stamp);
                    BigDecimal base = toLocal ? count() : BigDecimal.ZERO;
                    Row row = wins.equals(stamp) ? after(write.change) : row();
                    put(row, adds ? base.add(amount) : base, wins);
                    entries.add(new Entry(stamp, amount));
                }
                case Counting.Recount() -> {
                    bury(stamp);
                    if (fault != Fault.NO_RECOUNT) {
                        put(row(), recount(stamp), wins);
                    }
                }
                case Counting.Nothing() -> {
                    if (verdict instanceof Verdict.Erase) {
                        standing = new Standing.Deleted(stamp);
                        bury(stamp);
                    }
                    if (fault == Fault.OLD_AMOUNTS_COUNT
                            && standing instanceof Standing.Present
                            && after(write.change) != null) {
                        put(row(), count().add(write.amount), wins);
                    }
                }
            }
            applied.put(stamp.node(), stamp.micros());
        }

        private BigDecimal recount(Stamp after) {
            return entries.stream()
                    .filter(entry -> entry.stamp.compareTo(after) > 0)
                    .map(Entry::amount)
                    .reduce(BigDecimal.ZERO, BigDecimal::add);
        }

        private void put(Row row, BigDecimal count, Stamp stamp) {
            standing =
                    new Standing.Present(
                            Row.ofTexts(List.of(count.toPlainString(), row.text(1).orElseThrow())),
                            stamp);
        }

        private Row row() {
            return ((Standing.Present) standing).row();
        }

        private BigDecimal count() {
            return Counting.number(row(), 0);
        }

        private static Row after(KeyChange change) {
            return switch (change) {
                case KeyChange.Insert(Row after) -> after;
                case KeyChange.Update(Row after, _) -> after;
                case KeyChange.Delete() -> null;
            };
        }
    }

    /** Whether all nodes end with the same row. */
    private static boolean endsEqual(long seed, Fault fault) {
        Random dice = new Random(seed);
        int count = 2 + dice.nextInt(3);
        List<Node> nodes = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            nodes.add(new Node(id, fault));
        }
        long now = 1;
        for (int step = 5 + dice.nextInt(40); step > 0; step--) {
            Node node = nodes.get(dice.nextInt(count));
            if (dice.nextInt(3) == 0) {
                node.client(dice, now++);
            } else {
                deliverFromSomeone(nodes, node, dice);
            }
        }
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Node to : nodes) {
                for (Node from : nodes) {
                    moved |= from != to && to.deliver(from);
                }
            }
        }
        return nodes.stream().allMatch(n -> Objects.equals(n.standing, nodes.getFirst().standing));
    }

    private static void deliverFromSomeone(List<Node> nodes, Node to, Random dice) {
        Node from = nodes.get(dice.nextInt(nodes.size()));
        if (from != to) {
            to.deliver(from);
        }
    }

    @Test
    void allNodesEndWithTheSameCount() {
        for (long seed = 0; seed < CLUSTERS; seed++) {
            assertThat(endsEqual(seed, Fault.NONE)).as("seed %d", seed).isTrue();
        }
    }

    @Test
    void theSimulationNoticesEveryFault() {
        for (Fault fault : Fault.values()) {
            long unequal = 0;
            for (long seed = 0; seed < 5000; seed++) {
                unequal += endsEqual(seed, fault) ? 0 : 1;
            }
            assertThat(unequal > 0).as("%s", fault).isEqualTo(fault != Fault.NONE);
        }
    }

    @Test
    void aHundredOnEachSideIsTwoHundred() {
        Node a = new Node(1, Fault.NONE);
        Node b = new Node(2, Fault.NONE);
        Row zero = Row.ofTexts(List.of("0", "start"));
        a.write(new KeyChange.Insert(zero), Optional.empty(), new Stamp(1, 1));
        b.deliver(a);
        for (Node node : List.of(a, b)) {
            Row hundred = Row.ofTexts(List.of("100", "n" + node.id));
            node.write(
                    new KeyChange.Update(hundred, false),
                    Optional.of(zero),
                    new Stamp(1 + node.id, node.id));
        }
        a.deliver(b);
        b.deliver(a);
        assertThat(a.count()).isEqualTo(new BigDecimal(200));
        assertThat(b.standing).isEqualTo(a.standing);
    }
}
