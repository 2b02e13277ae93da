package org.pgchorus.member;

import org.pgchorus.member.CopyPlanner.Piece;
import org.pgchorus.model.TableName;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who copies which piece next. Any thread.
 *
 * <p>Two that write into one table wait for each other when it grows, and its keys, which each of
 * them brings in order, reach the index in no order at all. So everybody stays with a table until
 * nothing is left of it, and goes on where the fewest are: several share a table only when no other
 * one is left.
 */
final class CopyTurns {
    private final Map<TableName, Work> tables = new LinkedHashMap<>();

    private static final class Work {
        private final Deque<Piece> left = new ArrayDeque<>();
        private long bytesLeft;
        private int workers;

        void add(Piece piece) {
            left.add(piece);
            bytesLeft += piece.bytes();
        }

        Piece poll() {
            Piece piece = left.poll();
            bytesLeft -= piece.bytes();
            return piece;
        }
    }

    CopyTurns(List<Piece> pieces) {
        pieces.forEach(piece -> tables.computeIfAbsent(piece.table(), _ -> new Work()).add(piece));
    }

    /** A worker's first piece; empty if none is left. */
    synchronized Optional<Piece> first() {
        return tables.values().stream()
                .filter(work -> !work.left.isEmpty())
                .min(
                        Comparator.comparingInt((Work work) -> work.workers)
                                .thenComparingLong(work -> -work.bytesLeft))
                .map(work -> {
                    work.workers++;
                    return work.poll();
                });
    }

    /** The next one of a worker that is through with a piece; empty if none is left. */
    synchronized Optional<Piece> after(Piece done) {
        Work own = tables.get(done.table());
        if (!own.left.isEmpty()) {
            return Optional.of(own.poll());
        }
        own.workers--;
        return first();
    }

    /** Nobody gets another one. */
    synchronized void stop() {
        tables.values().forEach(work -> work.left.clear());
    }
}
