package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;

/**
 * Three clients on three nodes write rows that clash on unique values, and the nodes hear of each
 * other in every order: which rows are live depends on the stamps alone.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofThree")
class UniqueOrderTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, badge text UNIQUE, v text);
            """;

    private static TestGroup group;

    UniqueOrderTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(
                0,
                "INSERT INTO person SELECT i, 'old' || i, NULL, 'old' FROM generate_series(0, 99)"
                        + " i");
        group.settle();
        group.awaitHeard();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @Test
    void ofThreeRowsWithOneValueTheLatestHasItAndTheOthersFollow() {
        Cast.tellOfThree(
                group,
                100,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'by B')");
                    cast.onC("INSERT INTO person VALUES ($n, 'x$k', NULL, 'by C')");
                },
                cast -> {
                    cast.awaitRows("person", "$n|x$k|null|by C");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,by A@$A", "$m,x$k,NULL,by B@$B");
                },
                cast -> cast.onA("DELETE FROM person WHERE id = $n"),
                cast -> {
                    cast.awaitRows("person", "$m|x$k|null|by B");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,by A@$A");
                },
                cast -> cast.onC("UPDATE person SET email = 'free$m' WHERE id = $m"),
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A", "$m|free$m|null|by B");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void ofAChainOfThreeTheFirstAndTheLastAreLive() {
        Cast.tellOfThree(
                group,
                120,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', 'y$k', 'by B')");
                    cast.onC("INSERT INTO person VALUES ($n, NULL, 'y$k', 'by C')");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A", "$n|null|y$k|by C");
                    cast.awaitDisplaced("person", "$m,x$k,y$k,by B@$B");
                },
                cast -> cast.onB("DELETE FROM person WHERE id = $n"),
                cast -> {
                    cast.awaitRows("person", "$m|x$k|y$k|by B");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,by A@$A");
                },
                cast -> cast.onA("DELETE FROM person WHERE id = $m"),
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void rowInTheMiddleOfAllIsLiveOnlyIfItIsTheLatest() {
        Cast.tellOfThree(
                group,
                140,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onC("INSERT INTO person VALUES ($n, NULL, 'y$k', 'by C')");
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', 'y$k', 'by B')");
                },
                cast -> {
                    cast.awaitRows("person", "$m|x$k|y$k|by B");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,by A@$A", "$n,NULL,y$k,by C@$C");
                });
        Cast.tellOfThree(
                group,
                160,
                cast -> {
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', 'y$k', 'by B')");
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onC("INSERT INTO person VALUES ($n, NULL, 'y$k', 'by C')");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A", "$n|null|y$k|by C");
                    cast.awaitDisplaced("person", "$m,x$k,y$k,by B@$B");
                });
    }

    @Test
    void newVersionOfABlockerFreesWhatTheOlderOneBlocked() {
        Cast.tellOfThree(
                group,
                180,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'by B')");
                    cast.onC("INSERT INTO person VALUES ($m, 'z$k', NULL, 'by C')");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A", "$m|z$k|null|by C");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void deleteOfABlockerFreesWhatItBlocked() {
        Cast.tellOfThree(
                group,
                10,
                cast -> {
                    cast.onA("UPDATE person SET email = 'x$k' WHERE id = $k");
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'by B')");
                    cast.onB("DELETE FROM person WHERE id = $m");
                    cast.onC("INSERT INTO person VALUES ($n, 'y$k', NULL, 'by C')");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|old", "$n|y$k|null|by C");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void loserReturnsUnderItsOwnStampAndIsNotSentAgain() {
        Cast cast = new Cast(group, 300, 0, 1, 2);
        try {
            group.holdAll();
            cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
            cast.onC("INSERT INTO person VALUES ($k, 'z$k', NULL, 'by C')");
            cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'by B')");
            group.release(0, 1);
            group.release(1, 0);
            group.settle(0, 1);
            group.settle(1, 0);
            List<String> loser = List.of("$k,x$k,NULL,by A@$A");
            cast.awaitAtA("person", List.of("$m|x$k|null|by B"), loser);
            cast.awaitAtB("person", List.of("$m|x$k|null|by B"), loser);
            cast.onB("DELETE FROM person WHERE id = $m");
            group.settle(1, 0);
            cast.awaitAtA("person", List.of("$k|x$k|null|by A"), List.of());
            cast.awaitAtB("person", List.of("$k|x$k|null|by A"), List.of());
        } finally {
            group.releaseAll();
        }
        cast.awaitRows("person", "$k|z$k|null|by C");
        cast.awaitDisplaced("person");
    }
}
