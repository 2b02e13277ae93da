package org.pgchorus.http;

import org.pgchorus.config.Durations;
import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Lookout;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.NodeName;

import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Answers programs: what there is and how it stands, in the words of {@code status --json} and its
 * like. Any thread.
 *
 * <p>Nodes, links and lag are what was seen last. Conflicts and tables are asked for, a few at a
 * time, so that whoever asks too much waits for nothing but himself.
 */
final class Api {
    private static final int OK = 200;
    private static final int USUAL_CONFLICTS = 100;
    private static final int MOST_CONFLICTS = 1000;

    /** Each opens a session on every node. */
    private static final int QUESTIONS_AT_A_TIME = 2;

    private final Lookout lookout;
    private final InstantSource clock;
    private final Semaphore asking = new Semaphore(QUESTIONS_AT_A_TIME);

    Api(Lookout lookout, InstantSource clock) {
        this.lookout = lookout;
        this.clock = clock;
    }

    /** The whole, as events bring it too. */
    static Map<String, Object> status(View view) {
        return Json.object(
                "group", view.status().map(Status::groupId),
                "looked_at", view.taken().toString(),
                "nodes", nodes(view),
                "links", links(view),
                "joins", view.sight().joins(),
                "problems", problems(view),
                "notes", view.status().map(Status::notes).orElse(List.of()));
    }

    /** What changed lately. */
    static List<Object> history(List<Happening> past) {
        return past.stream().<Object>map(Api::happening).toList();
    }

    private static Map<String, Object> happening(Happening happening) {
        return Json.object(
                "number", happening.number(),
                "at", happening.at().toString(),
                "level", happening.level().toString(),
                "subject", happening.subject(),
                "text", happening.text());
    }

    /** The newest conflicts, as the last look saw them. */
    static List<Object> recent(View view) {
        return view.sight().recent().stream().<Object>map(Api::conflict).toList();
    }

    private static List<String> problems(View view) {
        return view.status().map(Status::problems).orElse(List.of(view.sight().problem()));
    }

    static List<Object> nodes(View view) {
        return all(view.status().map(Status::nodes), node -> node(view, node));
    }

    static List<Object> links(View view) {
        return all(view.status().map(Status::links), Api::link);
    }

    static List<Object> lag(View view) {
        return all(view.status().map(Status::links), Api::lag);
    }

    private static <T> List<Object> all(Optional<List<T>> some, Function<T, Object> form) {
        return some.orElse(List.of()).stream().map(form).toList();
    }

    private static Map<String, Object> node(View view, Status.Node node) {
        Map<String, Object> object = node(node);
        Standing standing = view.standing(node.name());
        object.put("writable", standing.writable());
        object.put("reasons", standing.reasons());
        object.put("served_here", view.served().contains(node.name()));
        Optional<Sight.Stock> stock = Optional.ofNullable(view.sight().stock().get(node.name()));
        object.put("tombstones", stock.map(Sight.Stock::tombstones).orElse(null));
        object.put("displaced", stock.map(Sight.Stock::displaced).orElse(null));
        object.put(
                "clock_behind_seconds",
                Optional.ofNullable(view.sight().vitals().get(node.name()))
                        .map(Sight.Vitals::clockBehindSeconds)
                        .orElse(null));
        return object;
    }

    /** As {@code node list --json} has it. */
    static Map<String, Object> node(Status.Node node) {
        return Json.object(
                "id", node.id() == 0 ? null : node.id(),
                "name", node.name(),
                "address", node.address(),
                "state", node.state(),
                "version", node.version(),
                "paused", node.paused(),
                "read_only", node.readOnly(),
                "problem", node.problem());
    }

    private static Map<String, Object> lag(Status.Link link) {
        return Json.object(
                "from", link.from(),
                "to", link.to(),
                "state", link.state(),
                "lag_bytes", link.lagBytes(),
                "lag_seconds", link.lagSeconds(),
                "lag_transactions", link.lagTransactions());
    }

    /** As {@code lag --json} has it. */
    static Map<String, Object> link(Status.Link link) {
        Optional<Status.Slot> slot = link.slot();
        return Json.object(
                "from", link.from(),
                "to", link.to(),
                "state", link.state(),
                "reason", link.reason(),
                "lag_bytes", link.lagBytes(),
                "lag_seconds", link.lagSeconds(),
                "lag_transactions", link.lagTransactions(),
                "skew_seconds", link.skewSeconds(),
                "source_lsn", link.sourceLsn(),
                "received_lsn", link.receivedLsn(),
                "applied_lsn", link.appliedLsn(),
                "durable_lsn", link.durableLsn(),
                "applied_transactions", link.transactions(),
                "applied_changes", link.changes(),
                "conflicts", link.conflicts(),
                "standing_at", link.standingAt(),
                "held_changes", link.held().stream().mapToLong(it -> it.changes()).sum(),
                "held", link.held().stream().map(Api::held).toList(),
                "known_differences", link.differences().count(),
                "slot_name", slot.map(Status.Slot::name),
                "active", slot.map(Status.Slot::active),
                "active_pid", slot.map(Status.Slot::activePid).flatMap(Api::number),
                "restart_lsn", slot.map(Status.Slot::restartLsn),
                "confirmed_lsn", slot.map(Status.Slot::confirmedLsn),
                "retained_bytes", slot.map(Status.Slot::retainedBytes),
                "budget_bytes", slot.map(Status.Slot::budgetBytes),
                "safe_bytes", slot.map(Status.Slot::safeBytes),
                "wal_status", slot.map(Status.Slot::walStatus));
    }

    private static Optional<Long> number(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Long.valueOf(text));
    }

    /** As {@code link show --json} has it. */
    static Map<String, Object> held(HeldChanges.HeldTable held) {
        return Json.object(
                "table", held.table(),
                "changes", held.changes(),
                "sqlstate", held.sqlState(),
                "message", held.message(),
                "key", held.key().map(Json::raw),
                "since", held.since(),
                "cure", held.cure());
    }

    /** The newest conflicts. */
    Reply conflicts(Request request) {
        int limit = request.asked("limit").map(Api::limit).orElse(USUAL_CONFLICTS);
        Optional<NodeName> node = request.asked("node").map(NodeName::new);
        Optional<Instant> since = request.asked("since").map(this::moment);
        return asked(() -> {
            Conflicts.Answer<Conflicts.Conflict> answer =
                    lookout.ask(
                            any -> Conflicts.list(any, request.asked("table"), node, since, limit));
            return Reply.json(
                    OK,
                    Json.object(
                            "conflicts", answer.found().stream().map(Api::conflict).toList(),
                            "unreachable", answer.unreachable()));
        });
    }

    private static int limit(String text) {
        if (!text.matches("[1-9]\\d{0,3}") || Integer.parseInt(text) > MOST_CONFLICTS) {
            throw new IllegalArgumentException(
                    "limit=%s is not from 1 to %d".formatted(text, MOST_CONFLICTS));
        }
        return Integer.parseInt(text);
    }

    private Instant moment(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException notOne) {
            try {
                return clock.instant().minus(Durations.parse(text));
            } catch (IllegalArgumentException refused) {
                throw new IllegalArgumentException(
                        ("since=%s is neither a time such as 2026-11-20T08:00:00Z nor a duration"
                                        + " such as 15min")
                                .formatted(text),
                        refused);
            }
        }
    }

    /** As {@code conflict list --json} has it, with the server's own times. */
    static Map<String, Object> conflict(Conflicts.Conflict conflict) {
        return Json.object(
                "id", conflict.id(),
                "time", conflict.time(),
                "node", conflict.node(),
                "table", conflict.table(),
                "key", conflict.key() == null ? null : Json.raw(conflict.key()),
                "type", conflict.type(),
                "resolution", conflict.resolution(),
                "policy", conflict.policy(),
                "local", conflict.local().map(Json::raw),
                "remote", conflict.remote().map(Json::raw),
                "local_stamp", conflict.localStamp().map(Api::stamp),
                "remote_stamp", stamp(conflict.remoteStamp()),
                "remote_xid", conflict.remoteXid(),
                "remote_lsn", conflict.remoteLsn());
    }

    private static Map<String, Object> stamp(Conflicts.Version version) {
        return Json.object("time", version.time(), "node", version.node());
    }

    /** The tables that take part. */
    Reply tables() {
        return asked(() ->
                Reply.json(OK, lookout.ask(Orders::tables).stream().map(Api::table).toList()));
    }

    /** As {@code table list --json} has it. */
    static Map<String, Object> table(Orders.ReplicatedTable table) {
        return Json.object(
                "table", table.schema() + "." + table.name(),
                "schema", table.schema(),
                "name", table.name(),
                "key", table.key(),
                "estimated_rows", table.rows(),
                "bytes", table.bytes(),
                "policy", table.policy(),
                "delta_columns", table.deltaColumns());
    }

    private Reply asked(Supplier<Reply> question) {
        if (!asking.tryAcquire()) {
            return Reply.refusal(
                    503, "others are asking; at most %d at a time".formatted(QUESTIONS_AT_A_TIME));
        }
        try {
            return question.get();
        } catch (Lookout.Unanswered e) {
            return Reply.refusal(503, e.getMessage());
        } finally {
            asking.release();
        }
    }
}
