package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Watches how steadily a link that has always something to do is applied. */
final class ApplyWatch implements AutoCloseable {
    private static final long POLL_MILLIS = 5;
    private static final int MOVES = 5;

    private final AtomicLong longestNanos = new AtomicLong();
    private final AtomicLong moves = new AtomicLong();
    private final AtomicReference<Optional<Exception>> failure =
            new AtomicReference<>(Optional.empty());
    private final Thread thread;
    private volatile boolean stop;

    ApplyWatch(TestGroup group, int from, int to) {
        thread = Thread.ofVirtual().start(() -> watch(group, from, to));
    }

    /** The longest time so far in which its position did not move. */
    long longestMillis() {
        return TimeUnit.NANOSECONDS.toMillis(longestNanos.get());
    }

    /** Waits until it has moved a few times more. */
    void awaitMoves() {
        long wanted = moves.get() + MOVES;
        TestGroup.await("it applies", () -> moves.get() >= wanted);
    }

    private void watch(TestGroup group, int from, int to) {
        String question =
                "SELECT p.lsn FROM pgchorus.link_position p JOIN pgchorus.member m"
                        + " ON m.id = p.from_node WHERE m.name = '%s'"
                                .formatted(TestGroup.name(from));
        try (Connection connection = group.connect(to);
                Statement statement = connection.createStatement()) {
            String last = "";
            long movedNanos = System.nanoTime();
            while (!stop) {
                try (ResultSet rows = statement.executeQuery(question)) {
                    String now = rows.next() ? rows.getString(1) : "";
                    if (!now.equals(last)) {
                        longestNanos.accumulateAndGet(System.nanoTime() - movedNanos, Math::max);
                        movedNanos = System.nanoTime();
                        moves.incrementAndGet();
                        last = now;
                    }
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        } catch (SQLException e) {
            failure.set(Optional.of(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        failure.get()
                .ifPresent(e -> {
                    throw new IllegalStateException(e);
                });
    }
}
