package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.model.LinkName;
import org.pgchorus.pg.PgError;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;

/** A server that takes connections and then says nothing: who asks gets an answer all the same. */
@Timeout(60) // Unlimited waiting is what this is about; 5 s a look are meant.
class FrozenScenario {
    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of("CREATE TABLE t (id int PRIMARY KEY)", 18, 18);
    }

    @AfterAll
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @Test
    void aFrozenNodeIsShownAsDownAndComesBack() {
        group.server(1).suspend();
        Status status = Survey.of(group.address(0));
        assertThat(status.nodes())
                .filteredOn(node -> node.name().equals("b"))
                .singleElement()
                .satisfies(node -> {
                    assertThat(node.state()).isEqualTo("down");
                    assertThat(node.problem()).isNotEmpty();
                });
        assertThat(status.nodes())
                .filteredOn(node -> node.name().equals("a"))
                .singleElement()
                .satisfies(node -> assertThat(node.state()).isEqualTo("ready"));
        assertThatThrownBy(() -> Survey.of(group.address(1))).isInstanceOf(PgError.class);
        group.server(1).resume();
        group.run(0, "INSERT INTO t VALUES (1)");
        group.settle();
        assertThat(group.rows(1, "SELECT id FROM t WHERE id = 1")).containsExactly("1");
    }

    @Test
    void whoWaitsForANodeThatFallsSilentIsToldOfItsLinks() throws Exception {
        group.hold(0, 1);
        group.run(0, "INSERT INTO t VALUES (2)");
        FutureTask<List<LinkName>> waiting =
                new FutureTask<>(() ->
                        Waiting.untilApplied(
                                group.address(0),
                                Duration.ofSeconds(6),
                                Optional.empty(),
                                Optional.empty()));
        Thread.ofVirtual().start(waiting);
        TestGroup.await("it asks b", () -> !group.rows(1, ASKED).isEmpty());
        group.server(1).suspend();
        try {
            assertThat(waiting.get()).contains(new LinkName(TestGroup.name(0), TestGroup.name(1)));
        } finally {
            group.server(1).resume();
            group.release(0, 1);
        }
        group.settle();
    }

    /** Sessions of those who wait. */
    private static final String ASKED =
            """
            SELECT pid FROM pg_stat_activity
            WHERE application_name = 'pgchorus' AND query LIKE '%link_position%'\
            """;
}
