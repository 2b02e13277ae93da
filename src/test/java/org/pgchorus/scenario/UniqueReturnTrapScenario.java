package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.Consumer;

/**
 * A displaced row comes back when its blocker goes, wherever and however that goes; and what comes
 * to a displaced row meanwhile, from its writer or from anybody else, counts.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class UniqueReturnTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, v text);
            CREATE TABLE guest (id int PRIMARY KEY, seat int UNIQUE, v text);
            CREATE TABLE picture (id int PRIMARY KEY, name text UNIQUE, v text, large text);
            ALTER TABLE picture ALTER large SET STORAGE EXTERNAL;
            """;

    private static TestGroup group;

    UniqueReturnTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    /** A's row under $k loses its value to B's row under $m. */
    private static void clash(Cast cast) {
        cast.onA("INSERT INTO person VALUES ($k, 'x$k', 'by A')");
        cast.onB("INSERT INTO person VALUES ($m, 'x$k', 'by B')");
    }

    private static void awaitClash(Cast cast) {
        cast.awaitRows("person", "$m|x$k|by B");
        cast.awaitDisplaced("person", "$k,x$k,by A@$A");
    }

    @Test
    void loserReturnsWhereverTheWinnerIsDeletedOrLetsItsValueGo() {
        String delete = "DELETE FROM person WHERE id = $m";
        String change = "UPDATE person SET email = 'free$m' WHERE id = $m";
        String empty = "UPDATE person SET email = NULL WHERE id = $m";
        Cast.tell(
                group,
                100,
                parts(UniqueReturnTrapScenario::clash),
                parts(UniqueReturnTrapScenario::awaitClash),
                cast -> {
                    part(cast, 0).onA(delete);
                    part(cast, 1).onB(delete);
                    part(cast, 2).onC(delete);
                    part(cast, 3).onA(change);
                    part(cast, 4).onB(change);
                    part(cast, 5).onC(change);
                    part(cast, 6).onC(empty);
                    part(cast, 7).onA(delete, "INSERT INTO person VALUES ($m, 'free$m', 'by B')");
                },
                parts(cast -> {
                    cast.awaitAnswer("SELECT * FROM person WHERE id = $k", "$k|x$k|by A");
                    cast.awaitDisplaced("person");
                }));
    }

    private static Cast part(Cast cast, int part) {
        return cast.withKey(cast.key() + 10 * part);
    }

    /** The same in eight parts, each with a key of its own. */
    private static Consumer<Cast> parts(Consumer<Cast> story) {
        return cast -> {
            for (int i = 0; i < 8; i++) {
                story.accept(part(cast, i));
            }
        };
    }

    @Test
    void valueThatItsClientTakesInTheSameTransactionIsNotFree() {
        Cast.tell(
                group,
                200,
                UniqueReturnTrapScenario::clash,
                UniqueReturnTrapScenario::awaitClash,
                cast ->
                        cast.onC(
                                "DELETE FROM person WHERE id = $m",
                                "INSERT INTO person VALUES ($n, 'x$k', 'by C')"),
                cast -> {
                    cast.awaitRows("person", "$n|x$k|by C");
                    cast.awaitDisplaced("person", "$k,x$k,by A@$A");
                });
    }

    @Test
    void valueThatIsFreeOnOneNodeAndTakenOnAnotherStaysTaken() {
        Cast.tell(
                group, 210, UniqueReturnTrapScenario::clash, UniqueReturnTrapScenario::awaitClash);
        Cast.tell(
                group,
                210,
                cast -> {
                    cast.onB("DELETE FROM person WHERE id = $m");
                    cast.onA(
                            "UPDATE person SET email = 'free$m', v = 'stays' WHERE id = $m",
                            "INSERT INTO person VALUES ($n, 'x$k', 'taken')");
                },
                cast -> {
                    cast.awaitRows("person", "$m|free$m|stays", "$n|x$k|taken");
                    cast.awaitDisplaced("person", "$k,x$k,by A@$A");
                });
    }

    @Test
    void winnerThatIsWrittenAgainStaysInTheWayOfAnUnseenDelete() {
        Cast.tell(
                group, 220, UniqueReturnTrapScenario::clash, UniqueReturnTrapScenario::awaitClash);
        Cast.tell(
                group,
                220,
                cast -> {
                    cast.onA("DELETE FROM person WHERE id = $m");
                    cast.onB("UPDATE person SET v = 'by B again' WHERE id = $m");
                },
                cast -> {
                    cast.awaitRows("person", "$m|x$k|by B again");
                    cast.awaitDisplaced("person", "$k,x$k,by A@$A");
                });
    }

    @Test
    void rowThatAClientWritesUnderADisplacedKeyReplacesTheDisplacedOne() {
        Cast.tell(
                group,
                230,
                UniqueReturnTrapScenario::clash,
                UniqueReturnTrapScenario::awaitClash,
                cast -> cast.onC("INSERT INTO person VALUES ($k, 'y$k', 'by C')"),
                cast -> {
                    cast.awaitRows("person", "$k|y$k|by C", "$m|x$k|by B");
                    cast.awaitDisplaced("person");
                },
                cast -> cast.onA("DELETE FROM person WHERE id = $m"),
                cast -> cast.awaitRows("person", "$k|y$k|by C"));
    }

    @Test
    void displacedRowWhoseKeyWasWrittenAndDeletedSinceDoesNotReturn() {
        Cast.tell(
                group,
                240,
                UniqueReturnTrapScenario::clash,
                UniqueReturnTrapScenario::awaitClash,
                cast -> {
                    cast.onC("INSERT INTO person VALUES ($k, 'y$k', 'by C')");
                    cast.onC("DELETE FROM person WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("person", "$m|x$k|by B");
                    cast.awaitDisplaced("person");
                },
                cast -> cast.onB("DELETE FROM person WHERE id = $m"),
                cast -> {
                    cast.awaitRows("person");
                    cast.awaitDisplaced("person");
                });
    }

    /** A writes the winner while B, which does not hear of it, goes on with its loser, $m. */
    private static void loserGoesOn(
            int key, List<String> goesOn, List<String> rows, List<String> displaced) {
        Cast.tellOneWay(
                group,
                key,
                cast -> {
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', 'by B')");
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', 'by A')");
                },
                cast -> cast.awaitAtA("person", List.of("$k|x$k|by A"), List.of("$m,x$k,by B@$B")),
                cast -> goesOn.forEach(cast::onB),
                cast -> {
                    cast.awaitRows("person", rows.toArray(String[]::new));
                    cast.awaitDisplaced("person", displaced.toArray(String[]::new));
                });
    }

    @Test
    void loserThatItsWriterUpdatesLaterDisplacesTheWinner() {
        loserGoesOn(
                300,
                List.of("UPDATE person SET v = 'by B again' WHERE id = $m"),
                List.of("$m|x$k|by B again"),
                List.of("$k,x$k,by A@$A"));
    }

    @Test
    void loserThatGetsAnotherValueFromItsWriterReturnsWithIt() {
        loserGoesOn(
                310,
                List.of("UPDATE person SET email = 'y$k' WHERE id = $m"),
                List.of("$k|x$k|by A", "$m|y$k|by B"),
                List.of());
    }

    @Test
    void loserThatItsWriterDeletesIsDisplacedNoMore() {
        loserGoesOn(
                320,
                List.of("DELETE FROM person WHERE id = $m"),
                List.of("$k|x$k|by A"),
                List.of());
    }

    @Test
    void loserThatItsWriterDeletesAndInsertsAnewStandsAsWritten() {
        loserGoesOn(
                330,
                List.of(
                        "DELETE FROM person WHERE id = $m",
                        "INSERT INTO person VALUES ($m, 'y$k', 'again')"),
                List.of("$k|x$k|by A", "$m|y$k|again"),
                List.of());
        loserGoesOn(
                340,
                List.of(
                        "DELETE FROM person WHERE id = $m",
                        "INSERT INTO person VALUES ($m, 'x$k', 'again')"),
                List.of("$m|x$k|again"),
                List.of("$k,x$k,by A@$A"));
    }

    @Test
    void loserThatItsWriterMovesDisplacesTheWinnerFromItsNewKey() {
        loserGoesOn(
                350,
                List.of("UPDATE person SET id = $n WHERE id = $m"),
                List.of("$n|x$k|by B"),
                List.of("$k,x$k,by A@$A"));
    }

    @Test
    void displacedRowKeepsALargeValueThatItsUpdatesDoNotBring() {
        Cast.tell(
                group,
                400,
                cast -> {
                    cast.onB("INSERT INTO picture VALUES ($m, 'x$k', 'one', repeat('B', 10000))");
                    cast.onB("UPDATE picture SET v = v || ', two' WHERE id = $m");
                    cast.onA("INSERT INTO picture VALUES ($k, 'x$k', 'by A', 'small')");
                },
                cast -> cast.awaitDisplaced("picture", "$m,x$k,one, two," + "B".repeat(20) + "@$B"),
                cast -> cast.onA("DELETE FROM picture WHERE id = $k"),
                cast ->
                        cast.awaitAnswer(
                                "SELECT v, length(large) FROM picture WHERE id IN ($k, $m)",
                                "one, two|10000"));
    }

    @Test
    void truncateTakesDisplacedRowsToo() {
        Cast.tell(
                group,
                500,
                cast -> {
                    cast.onA("INSERT INTO guest VALUES ($k, $k, 'by A')");
                    cast.onB("INSERT INTO guest VALUES ($m, $k, 'by B')");
                },
                cast -> cast.awaitDisplaced("guest", "$k,$k,by A@$A"));
        group.run(1, "TRUNCATE guest");
        Cast ended = new Cast(group, 500, 0, 1, 2);
        ended.awaitAnswer("SELECT * FROM guest");
        ended.awaitAnswer("SELECT * FROM pgchorus.displaced WHERE \"table\" = 'guest'");
    }

    @Test
    void valueInAnOpenTransactionIsWaitedFor() throws SQLException {
        openTransaction(510, true);
        openTransaction(520, false);
    }

    /** A client on A holds the value, uncommitted, when B's row with it comes. */
    private static void openTransaction(int key, boolean commits) throws SQLException {
        Cast cast = new Cast(group, key, 0, 1, 2);
        try (Connection connection = group.connect(0)) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        cast.fill("INSERT INTO person VALUES ($k, 'x$k', 'in the open')"));
            }
            cast.onB("INSERT INTO person VALUES ($m, 'x$k', 'by B')");
            TestGroup.await(
                    "the link waits for the client",
                    () ->
                            group.rows(
                                            0,
                                            "SELECT 1 FROM pg_locks WHERE NOT granted"
                                                    + " AND locktype = 'transactionid'")
                                    .equals(List.of("1")));
            if (commits) {
                connection.commit();
            } else {
                connection.rollback();
            }
        }
        if (commits) {
            cast.awaitRows("person", "$k|x$k|in the open");
            cast.awaitDisplaced("person", "$m,x$k,by B@$B");
        } else {
            cast.awaitRows("person", "$m|x$k|by B");
            cast.awaitDisplaced("person");
        }
        assertThat(group.problems()).isEmpty();
    }
}
