package org.pgchorus.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.member.CopyPlanner.Extent;
import org.pgchorus.member.CopyPlanner.Piece;
import org.pgchorus.model.TableName;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

class CopyPlannerTest {
    private static final TableName TABLE = new TableName("public", "t");

    @Test
    void thePiecesOfATableHaveEveryBlockOnce() {
        long seed = System.nanoTime();
        System.out.println("pieces seed " + seed);
        Random dice = new Random(seed);
        for (int round = 0; round < 10_000; round++) {
            long blocks = dice.nextInt(50);
            long bytes = blocks * dice.nextLong(1, 20_000);
            long pieceBytes = dice.nextLong(1, 100_000);
            List<Piece> pieces =
                    CopyPlanner.pieces(List.of(new Extent(TABLE, blocks, bytes, "1")), pieceBytes);
            for (long block : LongStream.range(0, blocks + 5).toArray()) {
                assertThat(pieces.stream().filter(p -> has(p, block)))
                        .as("seed %d, block %d of %s", seed, block, pieces)
                        .hasSize(1);
            }
            assertThat(pieces.stream().mapToLong(Piece::bytes).sum()).isEqualTo(bytes);
            assertThat(pieces.stream().mapToInt(Piece::number))
                    .containsExactlyElementsOf(IntStream.range(0, pieces.size()).boxed().toList());
        }
    }

    private static boolean has(Piece piece, long block) {
        return block >= piece.fromBlock() && (piece.toBlock() < 0 || block < piece.toBlock());
    }

    @Test
    void theLargestTableComesFirst() {
        TableName small = new TableName("public", "small");
        List<Piece> pieces =
                CopyPlanner.pieces(
                        List.of(new Extent(small, 0, 0, "1"), new Extent(TABLE, 100, 819_200, "2")),
                        400_000);
        assertThat(pieces.stream().map(Piece::table)).containsExactly(TABLE, TABLE, TABLE, small);
        assertThat(pieces.getLast().whole()).isTrue();
        assertThat(pieces.getFirst().whole()).isFalse();
    }
}
