package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The commands, as they are typed, while clients write: verify names each thing that was planted on
 * one node by hand, repair says what it would do, does it, and takes it back.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RepairCommandScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE item (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0);
            CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
            CREATE TABLE made (id int PRIMARY KEY, v text NOT NULL DEFAULT 'x' CHECK (v <> ''));
            """;

    private static final Pattern UNDO = Pattern.compile("repair undo (\\S+)");

    private static final AtomicBoolean STOP = new AtomicBoolean();

    private static TestGroup group;
    private static List<Thread> clients;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 18, 14, 18);
        group.run(
                0,
                "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 2000) i",
                "INSERT INTO parent SELECT i FROM generate_series(1, 10) i",
                "INSERT INTO child SELECT i, i FROM generate_series(1, 10) i",
                "INSERT INTO made SELECT i FROM generate_series(1, 10) i");
        group.settle();
        clients =
                IntStream.range(0, 3)
                        .mapToObj(node -> Thread.ofVirtual().start(() -> write(node)))
                        .toList();
    }

    @AfterAll
    static void stop() throws InterruptedException {
        STOP.set(true);
        for (Thread client : clients) {
            client.join();
        }
        group.close();
    }

    /** Rows above 1000, so that what was planted below stands still. */
    private static void write(int node) {
        for (int i = 0; !STOP.get(); i++) {
            group.run(
                    node,
                    "UPDATE item SET n = n + 1 WHERE id = " + (1001 + (i * 37 + node) % 1000));
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static CommandLine typed(int status, String... words) {
        CommandLine ended = CommandLine.of(group, words);
        assertThat(ended.status()).as(ended.out()).isEqualTo(status);
        return ended;
    }

    @Test
    @Order(1)
    void allIsEqualWhileClientsWrite() {
        assertThat(typed(0, "verify").out()).contains("all equal on a, b, c");
        assertThat(typed(0, "repair").out()).contains("all equal on a, b, c; 0 rows repaired");
    }

    @Test
    @Order(2)
    void eachPlantedThingIsNamed() {
        Planted.on(
                group,
                1,
                "UPDATE item SET v = 'one column' WHERE id = 1",
                "UPDATE item SET v = NULL WHERE id = 2",
                "DELETE FROM item WHERE id = 3",
                "INSERT INTO item VALUES (5000, 'extra')",
                "UPDATE item SET v = CASE id WHEN 5 THEN 'v6' ELSE 'v5' END WHERE id IN (5, 6)",
                "DELETE FROM parent WHERE id = 7");
        Planted.on(group, 0, "UPDATE item SET v = '' WHERE id = 2");
        Planted.on(group, 2, "UPDATE item SET v = '' WHERE id = 2");
        // As a schema change by hand: what was made on one node only.
        Planted.on(
                group,
                2,
                "ALTER TABLE made DROP CONSTRAINT made_v_check, ALTER v SET DEFAULT 'y'",
                "CREATE UNIQUE INDEX made_upper ON made (upper(v || id))",
                "CREATE INDEX made_plain ON made (v)");
        String out = typed(1, "verify", "--rate", "100000").out();
        assertThat(out)
                .contains("public.item id='1'", "b: v='one column'")
                .contains("public.item id='2'", "b: v=NULL", "a: v=''")
                .contains("public.item id='3'", "b: no row")
                .contains("public.item id='5000'", "a: no row")
                .contains("public.item id='5'", "public.item id='6'")
                .contains("public.parent id='7'")
                .contains("is not in public.parent (child_parent_fkey) on b")
                .contains("c lacks constraint CHECK ((v <> ''::text)) of a")
                .contains("column v is NOT NULL DEFAULT 'x'::text on a and NOT NULL DEFAULT 'y'")
                .contains("a lacks unique index btree (upper((v || id))) of c")
                .contains("a lacks index btree (v) of c")
                .doesNotContain("id='1001'");
        assertThat(typed(1, "verify", "--json").out())
                .contains("\"constraint\": \"child_parent_fkey\"");
    }

    @Test
    @Order(3)
    void watchingSaysOneLineARound() {
        assertThat(CommandLine.lines(group, 2, "verify", "--watch", "--interval", "100ms"))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("public.item differs (6)"));
    }

    @Test
    @Order(4)
    void aPlanChangesNothing() {
        assertThat(typed(1, "repair", "--keep", "a", "--dry-run").out())
                .contains("public.item id='1'", "b: v='v1', as a has it")
                .contains("b: deleted", "7 rows to repair; nothing was changed");
        assertThat(typed(1, "repair", "--keep", "a", "--sql").out())
                .contains("-- on b", "UPDATE ONLY \"public\".\"item\" SET", "AND xmin = '")
                .contains("DELETE FROM ONLY \"public\".\"item\" WHERE \"id\" = '5000'")
                .contains("INSERT INTO \"public\".\"parent\"");
        assertThat(group.rows(1, "SELECT v FROM item WHERE id = 1")).containsExactly("one column");
    }

    @Test
    @Order(5)
    void whatDiffersIsMadeEqualAndTakenBack() {
        String out =
                typed(0, "repair", "--keep", "a", "--table", "item", "--table", "parent").out();
        assertThat(out).contains("all equal on a, b, c; 7 rows repaired; undo: pgchorus repair");
        assertThat(typed(0, "verify", "--table", "!made").out())
                .contains("all equal on a, b, c")
                .doesNotContain("child_parent_fkey");
        Matcher id = UNDO.matcher(out);
        assertThat(id.find()).isTrue();
        assertThat(typed(0, "repair", "undo", id.group(1)).out())
                .contains("b: 7 rows put back", "is undone");
        assertThat(group.rows(1, "SELECT v FROM item WHERE id = 1")).containsExactly("one column");
        String again = typed(0, "repair", "--table", "item", "--json").out();
        assertThat(again).contains("\"repaired_rows\": 6", "\"verdict\": \"equal\"", "\"id\": ");
        assertThat(group.rows(2, "SELECT v FROM item WHERE id = 1")).containsExactly("one column");
        assertThat(typed(3, "repair", "undo", "nonsense").out()).contains("nonsense");
    }

    @Test
    @Order(6)
    void whatIsLeftIsSaidWithItsStatus() {
        assertThat(typed(1, "repair", "--table", "made").out())
                .contains("not all equal", "c lacks constraint CHECK");
        Planted.on(
                group,
                2,
                "DROP INDEX made_upper",
                "ALTER TABLE made ADD CHECK (v <> ''), ALTER v SET DEFAULT 'x'");
        assertThat(typed(0, "repair").out()).contains("all equal", "1 row repaired");
        assertThat(typed(2, "repair", "--keep", "No Node").out()).contains("--keep is stamp");
    }

    @Test
    @Order(7)
    void aNodeThatIsAwayCannotBeToldInBoundedTime() {
        group.server(2).stopImmediate();
        assertThat(typed(3, "verify", "--timeout", "1s").out())
                .contains("incomplete", "node c cannot be reached");
        assertThat(typed(3, "repair", "--timeout", "1s").out()).contains("not all equal");
        group.server(2).restart();
    }
}
