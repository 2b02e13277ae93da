package org.pgchorus.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.demo.EmbeddedServer;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The pipeline and the driver take turns on one connection, through errors too. */
class PipelineScenario {
    private static final Parameters NONE = new Parameters();

    private final Pipeline.Statement begin = new Pipeline.Statement("BEGIN");
    private final Pipeline.Statement commit = new Pipeline.Statement("COMMIT");
    private final Pipeline.Statement rollback = new Pipeline.Statement("ROLLBACK");
    private final Pipeline.Statement copy = new Pipeline.Statement("COPY t (id, v) FROM STDIN");
    private final Pipeline.Statement insert =
            new Pipeline.Statement(
                    "INSERT INTO t SELECT v.id, v.v FROM unnest($1::int8[], $2::text[]) v(id, v)",
                    Parameters.INT8_ARRAY,
                    Parameters.TEXT_ARRAY);

    private static Session open(EmbeddedServer server) {
        Session session = Session.open(server.address("postgres"), "pipeline");
        session.execute("CREATE TABLE t (id bigint PRIMARY KEY, v text)");
        return session;
    }

    private static String rows(Session session) {
        return session.value(
                "SELECT coalesce(string_agg(id || '=' || coalesce(v, 'none'), ' ' ORDER BY id), '')"
                        + " FROM t");
    }

    private static Parameters row(long id, String text) {
        Parameters.Elements ids = new Parameters.Elements();
        ids.number(id);
        Parameters.Elements texts = new Parameters.Elements();
        if (text == null) {
            texts.ofNull();
        } else {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            texts.text(utf8, 0, utf8.length);
        }
        return new Parameters().array(Parameters.INT8, ids).array(Parameters.TEXT, texts);
    }

    private static WireBytes lines(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        WireBytes bytes = new WireBytes(1);
        bytes.put(utf8, 0, utf8.length);
        return bytes;
    }

    private void transaction(Pipeline pipeline, Runnable middle) {
        pipeline.execute(begin, NONE);
        middle.run();
        pipeline.execute(commit, NONE);
        pipeline.sync();
    }

    @Test
    void nothingIsAskedOverAConnectionThatStillAwaitsAnswers() {
        try (EmbeddedServer server = EmbeddedServer.start(18);
                Session session = open(server)) {
            Pipeline pipeline = session.pipeline();
            transaction(pipeline, () -> pipeline.execute(insert, row(1, "one")));
            for (ThrowingCallable ask :
                    List.<ThrowingCallable>of(
                            () -> rows(session),
                            () -> session.execute("SELECT 1"),
                            () -> session.update("DELETE FROM t"),
                            session::commit)) {
                assertThatThrownBy(ask)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("awaits answers");
            }
            pipeline.await();
            assertThat(rows(session)).isEqualTo("1=one");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void statementsAndCopiesGoOneAfterTheOther(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            Pipeline pipeline = session.pipeline();
            for (int i = 0; i < 3; i++) {
                int id = 10 * i;
                transaction(
                        pipeline,
                        () -> {
                            pipeline.execute(insert, row(id, "ü \\ '"));
                            pipeline.copy(copy, lines((id + 1) + "\t\\N\n" + (id + 2) + "\tb\n"));
                            pipeline.execute(insert, row(id + 3, null));
                        });
            }
            for (int i = 0; i < 3; i++) {
                assertThat(pipeline.isAwaited()).isTrue();
                pipeline.await();
            }
            assertThat(pipeline.isAwaited()).isFalse();
            assertThat(rows(session))
                    .isEqualTo(
                            "0=ü \\ ' 1=none 2=b 3=none 10=ü \\ ' 11=none 12=b 13=none"
                                    + " 20=ü \\ ' 21=none 22=b 23=none");
        }
    }

    /** What was sent behind an error does nothing, until somebody rolls back. */
    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void nothingHappensBehindAnError(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            session.update("INSERT INTO t VALUES (1, 'old')");
            Pipeline pipeline = session.pipeline();
            transaction(pipeline, () -> pipeline.copy(copy, lines("2\ta\n1\tb\n3\tc\n")));
            transaction(pipeline, () -> pipeline.execute(insert, row(4, "later")));
            assertThatThrownBy(pipeline::await)
                    .isInstanceOfSatisfying(
                            PgError.Refused.class,
                            error -> assertThat(error.sqlState()).isEqualTo("23505"));
            assertThatThrownBy(pipeline::await)
                    .isInstanceOfSatisfying(
                            PgError.class,
                            error -> assertThat(error.sqlState()).isEqualTo("25P02"));
            pipeline.execute(rollback, NONE);
            pipeline.sync();
            pipeline.await();
            assertThat(rows(session)).isEqualTo("1=old");
            transaction(pipeline, () -> pipeline.execute(insert, row(4, "now")));
            pipeline.await();
            assertThat(rows(session)).isEqualTo("1=old 4=now");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void statementsThatTheSessionForgotAreMadeAgain(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            Pipeline pipeline = session.pipeline();
            transaction(pipeline, () -> pipeline.execute(insert, row(1, "a")));
            pipeline.await();
            session.execute("DEALLOCATE ALL");
            pipeline.forget();
            transaction(pipeline, () -> pipeline.execute(insert, row(2, "b")));
            pipeline.await();
            assertThat(session.inTransaction(() -> rows(session))).isEqualTo("1=a 2=b");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {18})
    void aServerThatGoesAwayIsSaidSo(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server);
                Session other = Session.open(server.address("postgres"), "other")) {
            Pipeline pipeline = session.pipeline();
            transaction(pipeline, () -> pipeline.execute(insert, row(1, "a")));
            pipeline.await();
            other.value(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            + " WHERE application_name = 'pipeline'");
            assertThatThrownBy(
                            () -> {
                                transaction(pipeline, () -> pipeline.execute(insert, row(2, "b")));
                                pipeline.await();
                                pipeline.await();
                            })
                    .isInstanceOf(PgError.Busy.class);
            session.abort();
        }
    }

    /** It was first sent behind something that went well, whose answer came later than that. */
    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void aStatementThatWasNotPreparedIsPreparedAgain(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major);
                Session session = open(server)) {
            Pipeline pipeline = session.pipeline();
            transaction(pipeline, () -> pipeline.copy(copy, lines("1\ta\n")));
            transaction(
                    pipeline,
                    () -> {
                        pipeline.copy(copy, lines("1\tagain\n"));
                        pipeline.execute(insert, row(2, "skipped"));
                    });
            pipeline.await();
            assertThatThrownBy(pipeline::await)
                    .isInstanceOfSatisfying(
                            PgError.Refused.class,
                            error -> assertThat(error.sqlState()).isEqualTo("23505"));
            pipeline.execute(rollback, NONE);
            pipeline.sync();
            pipeline.await();
            transaction(pipeline, () -> pipeline.execute(insert, row(2, "b")));
            pipeline.await();
            assertThat(rows(session)).isEqualTo("1=a 2=b");
        }
    }
}
