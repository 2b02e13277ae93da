package org.pgchorus.http;

import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Took;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was seen last, and what it means. Immutable.
 *
 * @param standings of all nodes, by name
 * @param takenNanos when, by {@link System#nanoTime}: the age must not depend on clocks
 * @param past what changed lately, the oldest first
 * @param applyTimes how long applying took, on the links that this process applies
 */
record View(
        Sight sight,
        Map<String, Standing> standings,
        long takenNanos,
        List<Happening> past,
        Map<LinkName, Took> applyTimes) {
    /** One that nothing went before. */
    static View first(Sight sight, long takenNanos) {
        return new View(sight, new Judge().look(sight), takenNanos, List.of(), Map.of());
    }

    View with(List<Happening> happenings) {
        return new View(sight, standings, takenNanos, List.copyOf(happenings), applyTimes);
    }

    /** The names of the nodes that are served. */
    List<String> served() {
        return sight.served().stream().map(node -> node.name().text()).toList();
    }

    /** Why nothing of this can be believed any more; empty if it can. */
    Optional<String> stale(long nowNanos) {
        Duration age = Duration.ofNanos(nowNanos - takenNanos);
        return age.compareTo(Examination.OLDEST) > 0
                ? Optional.of("the daemon last looked %d s ago".formatted(age.toSeconds()))
                : Optional.empty();
    }

    double ageSeconds(long nowNanos) {
        return (nowNanos - takenNanos) / 1e9;
    }

    Standing standing(String name) {
        return standings.get(name);
    }

    /** When it was seen, by this machine's clock. */
    Instant taken() {
        return sight.taken();
    }

    Optional<Status> status() {
        return sight.status();
    }
}
