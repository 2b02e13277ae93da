package org.pgchorus.http;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Says look by look which of a group's nodes are writable. Pure; one thread, whose answers any
 * other may keep.
 *
 * <p>If no node would be writable, those are at once that only lag speaks against, or that are well
 * and would have to wait: late rows are better than none.
 */
final class Judge {
    private Map<String, Standing> standings = Map.of();

    /** Takes one more look; how all nodes stand after it, by name. */
    Map<String, Standing> look(Sight sight) {
        Map<String, Standing.Finding> findings = new HashMap<>();
        sight.status().map(Status::nodes).orElse(List.of()).stream()
                .map(Status.Node::name)
                .forEach(name -> findings.put(name, Examination.forWriting(sight, name)));
        sight.served().stream()
                .map(NodeAddress::name)
                .forEach(name ->
                        findings.computeIfAbsent(
                                name.text(), it -> Examination.forWriting(sight, it)));
        Map<String, Standing> next = new HashMap<>();
        findings.forEach((name, found) -> {
            Standing before = standings.get(name);
            next.put(name, before == null ? Standing.first(found) : before.next(found));
        });
        if (next.values().stream().noneMatch(Standing::writable)) {
            next.replaceAll((name, standing) ->
                    findings.get(name).faults().isEmpty() ? standing.asLast() : standing);
        }
        standings = Map.copyOf(next);
        return standings;
    }
}
