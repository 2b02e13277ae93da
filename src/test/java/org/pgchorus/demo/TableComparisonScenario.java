package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;

import java.util.List;

/** Two databases are laid side by side, and whatever differs is said with both rows. */
class TableComparisonScenario {
    private static final String TABLES =
            """
            CREATE TABLE "Odd ""one" (k int, l text, v text, PRIMARY KEY (k, l));
            INSERT INTO "Odd ""one" VALUES (1, 'a', 'same'), (2, 'b', ''), (3, 'c', 'c');
            CREATE TABLE loose (v text);
            INSERT INTO loose VALUES ('once'), ('twice'), ('twice')\
            """;

    @Test
    void everyDifferenceIsSaidAndEqualityIsToo() {
        try (var server = EmbeddedServer.start(18)) {
            List<Address> nodes = List.of(server.address("left"), server.address("right"));
            server.createDatabase("left");
            server.createDatabase("right");
            nodes.forEach(node -> execute(node, TABLES));
            assertThat(TableComparison.differences(nodes)).isEmpty();

            execute(
                    nodes.get(1),
                    """
                    UPDATE "Odd ""one" SET v = NULL WHERE k = 2;
                    DELETE FROM "Odd ""one" WHERE k = 3;
                    DELETE FROM loose;
                    INSERT INTO loose VALUES ('once'), ('twice');
                    CREATE TABLE more (k int)\
                    """);
            String right = "127.0.0.1:%d/right: ".formatted(server.port());
            assertThat(TableComparison.differences(nodes))
                    .hasSize(4)
                    .anyMatch(it -> it.contains("/left has no such table"))
                    .anyMatch(it -> it.contains("(2,b)") && it.endsWith(right + "(2,b,)"))
                    .anyMatch(it -> it.contains("(3,c,c)") && it.endsWith(right + "no row"))
                    .anyMatch(it -> it.contains(": 2 times") && it.endsWith(right + "1 times"));
            assertThat(
                            TableComparison.differences(
                                    nodes, List.of(new TableName("public", "loose"))))
                    .hasSize(1);
        }
    }

    private static void execute(Address address, String sql) {
        try (Session session = Session.open(address, "test")) {
            session.execute(sql);
        }
    }
}
