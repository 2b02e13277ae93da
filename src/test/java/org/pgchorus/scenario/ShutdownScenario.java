package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** A server that is shut down in the ordinary way, while links read from it. */
class ShutdownScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void aServerWhoseLogEndsInTheMiddleOfARecordStops(int major) throws SQLException {
        try (TestGroup group = TestGroup.of(SCHEMA, major, major)) {
            group.run(0, "INSERT INTO t VALUES (1, 'before')");
            group.settle();
            try (Connection connection = group.connect(0);
                    Statement open = connection.createStatement()) {
                // Written by a transaction without an id, which the shutdown breaks off: nobody
                // flushes the page that its last bytes are on.
                open.execute("BEGIN");
                open.execute("SELECT pg_logical_emit_message(false, 'x', repeat('y', 20000))");
                group.server(0).stop();
            }
            group.server(0).restart();
            group.run(0, "INSERT INTO t VALUES (2, 'after')");
            group.run(1, "INSERT INTO t VALUES (3, 'at b')");
            assertThat(group.settledRows("SELECT id FROM t ORDER BY id"))
                    .containsExactly("1", "2", "3");
        }
    }
}
