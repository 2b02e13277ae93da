package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.conflict.Standing;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.member.Group;
import org.pgchorus.member.Identity;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/**
 * Two links change one row. The second waits for its lock while the first gives the row another
 * stamp than its transaction's own, as merged rows and losing changes to delta columns have it.
 */
class WaitedLockScenario {
    private static final List<String> KEY = List.of("1");
    private static final Stamp GIVEN = new Stamp(777, 7);

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 18})
    void aStampGivenWhileItsLockWasWaitedForIsSeen(int major) {
        try (EmbeddedServer server = EmbeddedServer.start(major)) {
            Address address = server.address("postgres");
            try (Session client = Session.open(address, "client")) {
                client.execute("CREATE TABLE t (id int PRIMARY KEY, v text)");
                client.execute("INSERT INTO t VALUES (1, 'old')");
            }
            Group.create(new NodeAddress(new NodeName("a"), address), List.of());
            try (Session first = Session.open(address, "first");
                    Session second = Session.open(address, "second");
                    var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                RowSql sql = RowSql.of(Catalog.describe(first, table()).orElseThrow().table());
                first.begin();
                first.update(sql.update, "1", "new", KEY);
                first.update(sql.restamp, KEY, KEY, GIVEN.micros(), GIVEN.node());
                CompletableFuture<Standing> found =
                        CompletableFuture.supplyAsync(() -> lock(second, sql), threads);
                try (Session watch = Session.open(address, "watch")) {
                    await().until(() -> waits(watch));
                }
                first.commit();
                assertThat(found.join().stamp()).contains(GIVEN);
            }
        }
    }

    private static TableName table() {
        return new TableName("public", "t");
    }

    private static Standing lock(Session session, RowSql sql) {
        Identity identity = Identity.of(session).orElseThrow();
        Writers writers = new Writers(session, identity.groupId(), identity.nodeId());
        RowReader reader = new RowReader(session, writers);
        return session.inTransaction(() -> reader.lock(sql, KEY, Stamp.UNKNOWN));
    }

    private static boolean waits(Session watch) {
        return watch.value(
                        """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE application_name = 'second' AND wait_event_type = 'Lock'\
                        """)
                .equals("1");
    }
}
