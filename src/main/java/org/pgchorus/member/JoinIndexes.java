package org.pgchorus.member;

import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Makes what the tables have besides rows, when these are there: first keys and unique constraints,
 * then indexes, each kind side by side; then the rest one by one in pg_dump's order.
 *
 * <p>Each statement is one transaction that also notes that it is done, so a build that was broken
 * off goes on where it was.
 */
final class JoinIndexes {
    private static final String KIND = "after";
    private static final String NO_PATH = "SELECT pg_catalog.set_config('search_path', '', false)";
    private static final int DEADLOCK_RETRIES = 10;

    private final JoinWork work;

    JoinIndexes(JoinWork work) {
        this.work = work;
    }

    private record Item(int seq, String kind, String statement) {}

    /** Builds all that is not built yet. */
    void build(int jobs) throws InterruptedException {
        List<Item> items =
                work.newcomer()
                        .query(
                                JoinSql.ITEMS,
                                row -> new Item((int) row.number(1), row.text(2), row.text(3)),
                                KIND);
        List<Item> rest = new ArrayList<>(items);
        for (String kind : List.of("CONSTRAINT", "INDEX")) {
            List<Item> wave = items.stream().filter(item -> item.kind.equals(kind)).toList();
            rest.removeAll(wave);
            run(wave, jobs);
        }
        run(rest, 1);
    }

    private void run(List<Item> items, int jobs) throws InterruptedException {
        Queue<Item> queue = new ConcurrentLinkedQueue<>(items);
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(work.threads())) {
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < Math.min(jobs, items.size()); job++) {
                running.add(executor.submit(() -> work(queue)));
            }
            for (Future<?> worker : running) {
                try {
                    worker.get();
                } catch (ExecutionException e) {
                    queue.clear();
                    throw e.getCause() instanceof RuntimeException cause
                            ? cause
                            : new IllegalStateException(e.getCause());
                }
            }
        }
    }

    private void work(Queue<Item> queue) {
        try (Session session = Session.open(work.to(), JoinSql.WORKER)) {
            session.value(NO_PATH);
            for (Item item = queue.poll(); item != null; item = queue.poll()) {
                make(session, item);
            }
        }
    }

    private void make(Session session, Item item) {
        for (int attempt = 0; ; attempt++) {
            try {
                execute(session, item, item.statement);
                return;
            } catch (PgError.Refused e) {
                if (!e.sqlState().equals("23503") || !item.kind.equals("FK CONSTRAINT")) {
                    throw PgError.refused("%s: %s".formatted(item.statement, e.getMessage()), e);
                }
                // The provider has orphans, so the newcomer has them too.
                work.progress()
                        .step(
                                "a foreign key stays NOT VALID, as rows lack their parent at the"
                                        + " provider (pgchorus orphan list): "
                                        + e.getMessage());
                execute(session, item, item.statement.replaceFirst(";\\s*$", " NOT VALID;"));
                return;
            } catch (PgError.Busy e) {
                if (!e.sqlState().equals("40P01") || attempt >= DEADLOCK_RETRIES) {
                    throw e;
                }
            }
        }
    }

    private static void execute(Session session, Item item, String statement) {
        session.inTransaction(() -> {
            session.execute(statement);
            session.update(JoinSql.ITEM_DONE, KIND, item.seq);
            return 0;
        });
    }
}
