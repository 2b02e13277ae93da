package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.SightSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Looks at the group of the nodes that a daemon serves, about once a second, over sessions that it
 * keeps. Who asks gets what was seen last, and never waits for a database.
 *
 * <p>A server that says nothing holds a look up for {@value #PATIENCE_SECONDS} seconds at most, for
 * its session and for the next one each; after that it is not reached.
 */
public final class Lookout implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lookout.class);

    private static final long PERIOD_MILLIS = 1000;

    /** Long enough for a busy server, short enough for a balancer to hear of the others in time. */
    private static final int PATIENCE_SECONDS = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(PATIENCE_SECONDS);

    /** What is in store is counted, and followers are connected to, so less often. */
    private static final long STOCK_MILLIS = 5000;

    /** At a time; what is left comes with the next look. */
    private static final int MOST_CONFLICTS = 10_000;

    private final List<NodeAddress> served;
    private final InstantSource clock;
    private final Consumer<Sight> told;
    private final Thread thread;
    private final Every stockDue = new Every(STOCK_MILLIS);
    private final Map<String, ConflictTally> tallies = new HashMap<>();
    private final RecentConflicts recent = new RecentConflicts();
    private Optional<GroupSessions> sessions = Optional.empty();
    private Map<String, Sight.Stock> stock = Map.of();
    private Map<String, Double> joins = Map.of();
    private final List<Status.Node> followers = new ArrayList<>();
    private final List<Status.Link> followerLinks = new ArrayList<>();
    private volatile boolean closed;

    /** A question that no served node could be asked, or that could not be answered. */
    public static final class Unanswered extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unanswered(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private Lookout(List<NodeAddress> served, InstantSource clock, Consumer<Sight> told) {
        this.served = List.copyOf(served);
        this.clock = clock;
        this.told = told;
        this.thread = Thread.ofVirtual().name("lookout").unstarted(this::run);
    }

    /**
     * Begins to look; returns at once.
     *
     * @param told gets what was seen, after each look, in one thread
     */
    public static Lookout start(
            List<NodeAddress> served, InstantSource clock, Consumer<Sight> told) {
        Lookout lookout = new Lookout(served, clock, told);
        lookout.thread.start();
        return lookout;
    }

    /**
     * Asks the group something through a served node, the first that can be asked. Waits for it.
     *
     * @throws Unanswered if there is none
     */
    public <T> T ask(Function<Address, T> question) {
        PgError last = null;
        for (NodeAddress node : served) {
            try {
                return question.apply(node.address());
            } catch (PgError e) {
                last = e;
            }
        }
        throw new Unanswered(last == null ? "no node is served" : last.getMessage(), last);
    }

    /** Something that is done in the group through one of its nodes. */
    @FunctionalInterface
    public interface Order<T> {
        /**
         * @param any the node
         */
        T carryOut(Address any) throws InterruptedException;
    }

    /**
     * Does something once, through the first served node that can be reached.
     *
     * @throws Unanswered if there is none, or it is refused
     */
    public <T> T order(Order<T> order) throws InterruptedException {
        Address any =
                ask(address -> {
                    Session.open(address, "pgchorus").close();
                    return address;
                });
        try {
            return order.carryOut(any);
        } catch (PgError e) {
            throw new Unanswered(e.getMessage(), e);
        }
    }

    private void run() {
        try {
            while (!closed) {
                told.accept(look());
                TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sessions.ifPresent(GroupSessions::close);
        }
    }

    /** A supervisor's catch: whatever broke, the next look is a new one. */
    private Sight look() {
        try {
            return seen();
        } catch (PgError e) {
            forget();
            return unseen(e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("looking at the group broke", e);
            forget();
            return unseen("internal error: " + e);
        }
    }

    private void forget() {
        sessions.ifPresent(GroupSessions::close);
        sessions = Optional.empty();
    }

    private Sight unseen(String problem) {
        return Sight.ofNothing(clock.instant(), served, problem);
    }

    private Sight seen() {
        Optional<Status> alone = connect();
        if (alone.isPresent()) {
            return new Sight(
                    clock.instant(), served, alone, "", Map.of(), Map.of(), Map.of(), List.of());
        }
        GroupSessions group = sessions.orElseThrow();
        Map<String, Sight.Vitals> vitals = new TreeMap<>();
        group.sessions()
                .forEach((id, session) ->
                        attempt(() -> vitals.put(group.name(id), vitals(session))));
        if (stockDue.due()) {
            takeStock(group);
        }
        Status status =
                Survey.of(
                        group,
                        (nodes, links) -> {
                            nodes.addAll(followers);
                            links.addAll(followerLinks);
                        });
        group.sessions()
                .forEach((id, session) ->
                        attempt(() -> recent.look(group.name(id), session, status)));
        return new Sight(
                clock.instant(),
                served,
                Optional.of(status),
                "",
                vitals,
                stock,
                joins,
                recent.newest());
    }

    /** Reaches the group; returns a status instead if the served are followers of no group. */
    private Optional<Status> connect() {
        if (sessions.isPresent()) {
            sessions = Optional.of(sessions.get().again());
            return Optional.empty();
        }
        PgError last = null;
        for (NodeAddress node : served) {
            try {
                Optional<Status> follower = Followers.statusOf(node.address(), PATIENCE);
                if (follower.isPresent()) {
                    return follower;
                }
                sessions = Optional.of(GroupSessions.open(node.address(), PATIENCE));
                return Optional.empty();
            } catch (PgError e) {
                last = e;
            }
        }
        throw last == null ? PgError.busy("no node is served") : last;
    }

    private static Sight.Vitals vitals(Session session) {
        return session.first(
                        SightSql.VITALS,
                        row ->
                                new Sight.Vitals(
                                        row.truth(1),
                                        row.truth(2),
                                        Math.max(0, row.number(3, 0)) / 1e6))
                .orElseThrow();
    }

    private void takeStock(GroupSessions group) {
        followers.clear();
        followerLinks.clear();
        Followers.survey(group, followers, followerLinks);
        JoinSurvey survey = new JoinSurvey();
        Map<String, Sight.Stock> counted = new TreeMap<>();
        group.sessions()
                .forEach((id, session) ->
                        attempt(() -> {
                            survey.ask(session);
                            String name = group.name(id);
                            if (isServed(name)) {
                                counted.put(name, stock(name, session));
                            }
                        }));
        stock = counted;
        joins = survey.progress();
    }

    private boolean isServed(String name) {
        return served.stream().anyMatch(node -> node.name().text().equals(name));
    }

    private Sight.Stock stock(String name, Session session) {
        ConflictTally tally =
                tallies.computeIfAbsent(
                        name,
                        _ ->
                                new ConflictTally(
                                        Long.parseLong(session.value(SightSql.LAST_CONFLICT))));
        session.query(
                        SightSql.CONFLICTS_AFTER,
                        row -> Map.entry(row.number(1), new Sight.Kind(row.text(2), row.text(3))),
                        tally.after(),
                        MOST_CONFLICTS)
                .forEach(conflict -> tally.take(conflict.getKey(), conflict.getValue()));
        return new Sight.Stock(
                Long.parseLong(session.value(SightSql.TOMBSTONES)),
                session
                        .query(SightSql.DISPLACED, row -> Map.entry(row.text(1), row.number(2)))
                        .stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey,
                                        Map.Entry::getValue,
                                        (one, _) -> one,
                                        LinkedHashMap::new)),
                tally.counts());
    }

    /** A node that is lost meanwhile is named by the survey. */
    private static void attempt(Runnable question) {
        try {
            question.run();
        } catch (PgError lost) {
            LOG.debug("a node was not asked: {}", lost.getMessage());
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        Ending.await(thread);
    }
}
