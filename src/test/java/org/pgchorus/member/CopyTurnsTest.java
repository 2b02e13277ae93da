package org.pgchorus.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.member.CopyPlanner.Extent;
import org.pgchorus.member.CopyPlanner.Piece;
import org.pgchorus.model.TableName;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

class CopyTurnsTest {
    @Test
    void everyPieceIsTakenOnceAndATableIsSharedOnlyWhenNoOtherIsLeft() {
        long seed = System.nanoTime();
        System.out.println("turns seed " + seed);
        Random dice = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            List<Piece> pieces = pieces(dice, dice.nextInt(6));
            CopyTurns turns = new CopyTurns(pieces);
            Map<Integer, Piece> working = new HashMap<>();
            List<Piece> taken = new ArrayList<>();
            Set<Integer> idle = new HashSet<>();
            int workers = dice.nextInt(1, 5);
            while (idle.size() < workers) {
                int worker = dice.nextInt(workers);
                Piece done = working.remove(worker);
                Optional<Piece> next = done == null ? turns.first() : turns.after(done);
                if (next.isEmpty()) {
                    assertThat(taken).as("seed %d", seed).hasSameSizeAs(pieces);
                    idle.add(worker);
                    continue;
                }
                TableName table = next.get().table();
                boolean stays = done != null && done.table().equals(table);
                boolean isShared = working.values().stream().anyMatch(p -> p.table().equals(table));
                if (isShared && !stays) {
                    assertThat(pieces)
                            .as("seed %d: shares %s while another is free", seed, table)
                            .filteredOn(p -> !taken.contains(p))
                            .allMatch(p ->
                                    working.values().stream()
                                            .anyMatch(w -> w.table().equals(p.table())));
                }
                taken.add(next.get());
                working.put(worker, next.get());
            }
            assertThat(taken)
                    .as("seed %d", seed)
                    .doesNotHaveDuplicates()
                    .containsExactlyInAnyOrderElementsOf(pieces);
        }
    }

    private static List<Piece> pieces(Random dice, int tables) {
        List<Extent> extents =
                IntStream.range(0, tables)
                        .mapToObj(i ->
                                new Extent(
                                        new TableName("public", "t" + i),
                                        10,
                                        dice.nextLong(0, 1_000),
                                        "1"))
                        .toList();
        return CopyPlanner.pieces(extents, 200);
    }

    @Test
    void whoIsThroughWithATableTakesTheLargestThatIsLeft() {
        List<Piece> pieces =
                CopyPlanner.pieces(
                        List.of(extent("a", 300), extent("b", 900), extent("c", 20)), 300);
        CopyTurns turns = new CopyTurns(pieces);
        Piece first = turns.first().orElseThrow();
        Piece second = turns.first().orElseThrow();
        assertThat(first.table().name()).isEqualTo("b");
        assertThat(second.table().name()).isEqualTo("a");
        Piece third = turns.after(second).orElseThrow();
        assertThat(third.table().name()).isEqualTo("c");
        assertThat(turns.after(third).orElseThrow().table().name()).isEqualTo("b");
    }

    @Test
    void nobodyGetsMoreAfterAStop() {
        CopyTurns turns = new CopyTurns(CopyPlanner.pieces(List.of(extent("a", 900)), 300));
        Piece first = turns.first().orElseThrow();
        turns.stop();
        assertThat(turns.after(first)).isEmpty();
        assertThat(turns.first()).isEmpty();
    }

    private static Extent extent(String name, long bytes) {
        return new Extent(new TableName("public", name), 10, bytes, "1");
    }
}
