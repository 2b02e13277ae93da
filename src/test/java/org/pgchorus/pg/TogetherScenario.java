package org.pgchorus.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.config.Address;
import org.pgchorus.demo.EmbeddedServer;

/** Statements that share a round trip do what they would do one by one. */
class TogetherScenario {
    private static final String INSERT = "INSERT INTO t VALUES (?::int, ?) ON CONFLICT DO NOTHING";
    private static final String UPDATE = "UPDATE t SET v = ? WHERE id = ?::int";
    private static final String VALUE = "SELECT v FROM t WHERE id = ?::int";

    /** More often than the driver takes to prepare what it sends. */
    private static final int OFTEN = 12;

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void theyAnswerInTheirOrder(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            for (int i = 1; i <= OFTEN; i++) {
                String key = Integer.toString(i);
                session.begin();
                Asked<Void> first = Asked.change(INSERT, key, "first");
                Asked<String> before = Asked.rows(VALUE, row -> row.text(1), key);
                Asked<Void> second = Asked.change(INSERT, key, "second");
                session.together(first, before, second);
                assertThat(first.count()).isEqualTo(1);
                assertThat(before.first()).contains("first");
                assertThat(second.count()).isZero();
                session.later(UPDATE, "later", key);
                session.later(UPDATE, null, key);
                assertThat(session.query(VALUE, row -> row.maybe(1).orElse("none"), key))
                        .containsExactly("none");
                session.later(UPDATE, "last", key);
                session.commit();
                assertThat(session.value(VALUE, key)).isEqualTo("last");
            }
        }
    }

    /** The law that looking for a tombstone after its row depends on. */
    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void eachSeesWhatOthersHaveCommittedBeforeIt(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server);
                Session other = Session.open(server.address("postgres"), "other")) {
            session.update(INSERT, "1", "old");
            for (int i = 0; i < OFTEN; i++) {
                String now = "new " + i;
                other.begin();
                other.update(UPDATE, now, "1");
                Thread committer =
                        Thread.startVirtualThread(() -> {
                            awaitWaiting(server);
                            other.commit();
                        });
                session.begin();
                Asked<String> before = Asked.rows(VALUE, row -> row.text(1), "1");
                Asked<String> locked = Asked.rows(VALUE + " FOR UPDATE", row -> row.text(1), "1");
                Asked<String> after = Asked.rows(VALUE, row -> row.text(1), "1");
                session.together(before, locked, after);
                session.commit();
                assertThat(before.first().orElseThrow()).isNotEqualTo(now);
                assertThat(locked.first()).contains(now);
                assertThat(after.first()).contains(now);
                join(committer);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void whatIsCarriedAndRefusedIsToBeDoneAgain(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            session.begin();
            session.later(INSERT, "no number", "x");
            assertThatThrownBy(() -> session.value("SELECT 1"))
                    .isInstanceOfSatisfying(
                            PgError.Refused.class,
                            e -> assertThat(e.sqlState()).isEqualTo("22P02"));
            session.rollback();
            session.begin();
            session.later(INSERT, "no number", "x");
            session.carry();
            assertThatThrownBy(() -> session.value("SELECT 1"))
                    .isInstanceOfSatisfying(
                            PgError.Busy.class, e -> assertThat(e.sqlState()).startsWith("40"));
            session.rollback();
            session.begin();
            session.carry();
            assertThatThrownBy(() -> session.update(INSERT, "no number", "x"))
                    .isInstanceOf(PgError.Refused.class);
            session.rollback();
            assertThat(session.value("SELECT count(*) FROM t")).isEqualTo("0");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = 18)
    void whatWasPutOffGoesWithItsTransaction(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            session.begin();
            session.later(INSERT, "1", "rolled back");
            session.rollback();
            assertThat(session.value("SELECT count(*) FROM t")).isEqualTo("0");
            session.later(INSERT, "2", "outside");
            assertThat(session.value("SELECT count(*) FROM t")).isEqualTo("1");
            assertThatThrownBy(() ->
                            session.inTransaction(() -> {
                                session.later(INSERT, "no number", "x");
                                return 0;
                            }))
                    .isInstanceOf(PgError.Refused.class);
            session.inTransaction(() -> {
                session.later(INSERT, "3", "inside");
                return 0;
            });
            assertThat(session.value("SELECT count(*) FROM t")).isEqualTo("2");
        }
    }

    private static Session open(EmbeddedServer server) {
        Address address = server.address("postgres");
        Session session = Session.open(address, "one");
        session.execute("CREATE TABLE t (id int PRIMARY KEY, v text)");
        return session;
    }

    private static void awaitWaiting(EmbeddedServer server) {
        try (Session watch = Session.open(server.address("postgres"), "watch")) {
            org.awaitility.Awaitility.await()
                    .until(() ->
                            watch.value(
                                            """
                                            SELECT count(*) FROM pg_stat_activity
                                            WHERE application_name = 'one'
                                            AND wait_event_type = 'Lock'\
                                            """)
                                    .equals("1"));
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
