package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.pg.PgError;

/** A server that takes connections and then says nothing: who asks gets an answer all the same. */
class FrozenScenario {
    @Test
    @Timeout(60) // Unlimited waiting is what this is about; 5 s a look are meant.
    void aFrozenNodeIsShownAsDownAndComesBack() throws Exception {
        try (TestGroup group = TestGroup.of("CREATE TABLE t (id int PRIMARY KEY)", 18, 18)) {
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
            assertThat(group.rows(1, "SELECT id FROM t")).containsExactly("1");
        }
    }
}
