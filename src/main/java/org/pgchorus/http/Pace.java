package org.pgchorus.http;

import org.pgchorus.daemon.Status;
import org.pgchorus.model.Lsn;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How many bytes of its writer's log a transaction of a link takes, lately: so the bytes that lack
 * can be told as transactions. Pure; one thread.
 */
final class Pace {
    /** How much the newest look counts. */
    private static final double WEIGHT = 0.2;

    private final Map<String, Known> links = new HashMap<>();

    private record Known(Lsn applied, long transactions, double bytesPerTransaction) {}

    /** Takes one more look; bytes by link, such as {@code n1->n2}, where they are known. */
    Map<String, Double> look(Iterable<Status.Link> seen) {
        for (Status.Link link : seen) {
            if (!link.appliedLsn().isEmpty()) {
                links.merge(name(link), begin(link), Pace::next);
            }
        }
        Map<String, Double> bytes = new HashMap<>();
        links.forEach((name, known) -> {
            if (known.bytesPerTransaction > 0) {
                bytes.put(name, known.bytesPerTransaction);
            }
        });
        return Map.copyOf(bytes);
    }

    static String name(Status.Link link) {
        return link.from() + "->" + link.to();
    }

    private static Known begin(Status.Link link) {
        return new Known(Lsn.parse(link.appliedLsn()), link.transactions(), 0);
    }

    private static Known next(Known before, Known now) {
        long transactions = now.transactions - before.transactions;
        long bytes = now.applied.bytesSince(before.applied);
        if (transactions < 0 || bytes < 0) {
            // A daemon began anew, or the writer's log did.
            return now;
        }
        if (transactions == 0) {
            return new Known(now.applied, now.transactions, before.bytesPerTransaction);
        }
        double newest = (double) bytes / transactions;
        double known = before.bytesPerTransaction;
        return new Known(
                now.applied,
                now.transactions,
                known == 0 ? newest : (1 - WEIGHT) * known + WEIGHT * newest);
    }

    /** How many transactions a link lacks, about; empty if that cannot be said. */
    static OptionalDouble lacking(Status.Link link, Map<String, Double> bytesPerTransaction) {
        if (link.lagBytes().isEmpty()) {
            return OptionalDouble.empty();
        }
        if (link.lagBytes().getAsLong() == 0 || link.lagSeconds().orElse(1) == 0) {
            return OptionalDouble.of(0);
        }
        Double bytes = bytesPerTransaction.get(name(link));
        return bytes == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.ceil(link.lagBytes().getAsLong() / bytes));
    }
}
