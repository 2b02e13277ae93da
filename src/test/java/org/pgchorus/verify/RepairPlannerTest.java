package org.pgchorus.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.verify.Divergence.Grave;
import org.pgchorus.verify.Divergence.Held;
import org.pgchorus.verify.Divergence.Live;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

class RepairPlannerTest {
    private static final NodeName A = new NodeName("a");
    private static final NodeName B = new NodeName("b");
    private static final NodeName C = new NodeName("c");
    private static final Held NOTHING = new Held(Optional.empty(), Optional.empty());

    private static final RepairPlanner BY_STAMP = planner(new Keep.LastWritten());

    private static RepairPlanner planner(Keep keep) {
        return new RepairPlanner(keep, Map.of(A, 1, B, 2, C, 3));
    }

    private static Held row(String value, long micros, int node) {
        return new Held(
                Optional.of(new Live(List.of(value), value, "1", new Stamp(micros, node))),
                Optional.empty());
    }

    private static Held grave(long micros, int node) {
        return new Held(Optional.empty(), Optional.of(new Grave(new Stamp(micros, node), false)));
    }

    private static Divergence.Keyed of(Held a, Held b, Held c) {
        return new Divergence.Keyed(
                new RowKey(List.of("1")), new TreeMap<>(Map.of(A, a, B, b, C, c)), true);
    }

    private static void writes(Remedy remedy, NodeName from, NodeName... at) {
        assertThat(remedy)
                .isInstanceOfSatisfying(
                        Remedy.Write.class,
                        write -> {
                            assertThat(write.from()).isEqualTo(from);
                            assertThat(write.at()).containsExactly(at);
                        });
    }

    private static void deletes(Remedy remedy, Stamp erased, NodeName... at) {
        assertThat(remedy)
                .isInstanceOfSatisfying(
                        Remedy.Delete.class,
                        delete -> {
                            assertThat(delete.erased()).isEqualTo(erased);
                            assertThat(delete.at()).containsExactly(at);
                        });
    }

    @Test
    void theHighestStampWins() {
        writes(BY_STAMP.plan(of(row("x", 10, 1), row("y", 20, 2), row("x", 10, 1))), B, A, C);
        writes(BY_STAMP.plan(of(row("x", 20, 1), row("y", 20, 2), row("z", 20, 3))), C, A, B);
    }

    @Test
    void aLaterDeleteWinsAndAnEarlierOneDoesNot() {
        Stamp late = new Stamp(30, 3);
        deletes(BY_STAMP.plan(of(row("x", 10, 1), row("y", 20, 2), grave(30, 3))), late, A, B);
        writes(BY_STAMP.plan(of(row("x", 10, 1), row("x", 10, 1), grave(5, 3))), A, C);
    }

    @Test
    void aRowThatLivesByItsDeletesTransactionStays() {
        writes(BY_STAMP.plan(of(row("x", 10, 1), grave(10, 1), row("x", 10, 1))), A, B);
    }

    @Test
    void aLostRowComesBack() {
        writes(BY_STAMP.plan(of(NOTHING, row("x", 10, 1), NOTHING)), B, A, C);
    }

    @Test
    void underOneStampMostNodesAreRightThenTheWriter() {
        writes(BY_STAMP.plan(of(row("x", 10, 1), row("y", 10, 1), row("y", 10, 1))), B, A);
        writes(BY_STAMP.plan(of(row("x", 10, 2), row("y", 10, 2), NOTHING)), B, A, C);
        writes(BY_STAMP.plan(of(row("x", 10, 0), row("y", 10, 0), NOTHING)), A, B, C);
    }

    @Test
    void theRowsOfOneNodeAreRightHoweverOld() {
        RepairPlanner ofA = planner(new Keep.RowsOf(A));
        writes(ofA.plan(of(row("x", 10, 1), row("y", 20, 2), grave(30, 3))), A, B, C);
        assertThat(
                        ((Remedy.Write) ofA.plan(of(row("x", 10, 1), NOTHING, grave(30, 3))))
                                .overGrave())
                .isTrue();
        assertThat(((Remedy.Write) ofA.plan(of(row("x", 10, 1), NOTHING, grave(5, 3)))).overGrave())
                .isFalse();
        deletes(ofA.plan(of(NOTHING, row("y", 20, 2), NOTHING)), new Stamp(20, 2), B);
        deletes(ofA.plan(of(grave(30, 3), row("y", 20, 2), NOTHING)), new Stamp(30, 3), B);
        deletes(ofA.plan(of(grave(10, 3), row("y", 20, 2), NOTHING)), new Stamp(20, 2), B);
    }

    @Test
    void noRowComesBackFromUnderALaterTruncate() {
        Held emptied = new Held(Optional.empty(), Optional.of(new Grave(new Stamp(30, 2), true)));
        assertThat(planner(new Keep.RowsOf(A)).plan(of(row("x", 10, 1), emptied, emptied)))
                .isInstanceOf(Remedy.Leave.class);
    }

    @Test
    void whatMovesIsLeft() {
        Divergence.Keyed row = of(row("x", 10, 1), row("y", 20, 2), NOTHING);
        assertThat(BY_STAMP.plan(new Divergence.Keyed(row.key(), row.held(), false)))
                .isInstanceOf(Remedy.Leave.class);
    }

    @Test
    void rowsWithoutAKeyAreCountedAsOneNodeHasThem() {
        Divergence.Counted row =
                new Divergence.Counted(
                        new RowKey(List.of("1", "2")),
                        List.of("x"),
                        new TreeMap<>(Map.of(A, 2L, B, 3L, C, 2L)));
        assertThat(BY_STAMP.plan(row)).isInstanceOf(Remedy.Leave.class);
        assertThat(planner(new Keep.RowsOf(C)).plan(row))
                .isEqualTo(new Remedy.Count(row, 2, List.of(B)));
    }
}
