package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What clashes is what the constraint says: partial indexes and their predicate, several columns,
 * NULLs that are distinct or not, expressions, constraints checked at commit, exclusion.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class ConstraintTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE part (id int PRIMARY KEY, word text, active boolean);
            CREATE UNIQUE INDEX ON part (word) WHERE active;
            CREATE TABLE composite (id int PRIMARY KEY, x int, y int, UNIQUE (x, y));
            CREATE TABLE nulls (id int PRIMARY KEY, x int, y int, UNIQUE NULLS NOT DISTINCT (x, y));
            CREATE TABLE expression (id int PRIMARY KEY, word text);
            CREATE UNIQUE INDEX ON expression (lower(word));
            CREATE TABLE place (id int PRIMARY KEY, at int, v text,
                                UNIQUE (at) DEFERRABLE INITIALLY DEFERRED);
            CREATE TABLE seat (id int PRIMARY KEY, at int, v text, UNIQUE (at) DEFERRABLE);
            CREATE TABLE booking (id int PRIMARY KEY, during int4range, v text,
                                  EXCLUDE USING gist (during WITH &&));
            CREATE TABLE canceling (id int PRIMARY KEY, during int4range, v text,
                                    EXCLUDE USING gist (during WITH &&) WHERE (v <> 'canceled')
                                    DEFERRABLE INITIALLY DEFERRED);
            """;

    private static TestGroup group;

    ConstraintTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        for (String table : new String[] {"place", "seat"}) {
            group.run(
                    0,
                    """
                    INSERT INTO %s SELECT far + near, far + near, 'old'
                    FROM generate_series(0, 2000, 1000) far, generate_series(0, 99) near
                    """
                            .formatted(table));
        }
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
    void partialIndexClashesOnlyWhereItsPredicateHolds() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("INSERT INTO part VALUES ($k, 'x$k', false)");
                    cast.onA("INSERT INTO part VALUES ($m, 'x$k', true)");
                    cast.onB("INSERT INTO part VALUES ($n, 'x$k', NULL)");
                },
                cast -> {
                    cast.awaitRows("part", "$k|x$k|f", "$m|x$k|t", "$n|x$k|null");
                    cast.awaitDisplaced("part");
                    cast.assertNoClashes("part", "x$k");
                });
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA("INSERT INTO part VALUES ($k, 'x$k', true)");
                    cast.onB("INSERT INTO part VALUES ($m, 'x$k', true)");
                },
                cast -> {
                    cast.awaitRows("part", "$m|x$k|t");
                    cast.awaitDisplaced("part", "$k,x$k,t@$A");
                },
                cast -> cast.onA("UPDATE part SET active = false WHERE id = $m"),
                cast -> {
                    cast.awaitRows("part", "$k|x$k|t", "$m|x$k|f");
                    cast.awaitDisplaced("part");
                });
    }

    @Test
    void rowThatComesUnderThePredicateClashesByThatAlone() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onA("INSERT INTO part VALUES ($k, 'x$k', false)");
                    cast.onA("INSERT INTO part VALUES ($m, 'x$k', false)");
                },
                cast -> cast.awaitRows("part", "$k|x$k|f", "$m|x$k|f"));
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onA("UPDATE part SET active = true WHERE id = $k");
                    cast.onB("UPDATE part SET active = true WHERE id = $m");
                },
                cast -> {
                    cast.awaitRows("part", "$m|x$k|t");
                    cast.awaitDisplaced("part", "$k,x$k,t@$A");
                },
                cast -> cast.onC("UPDATE part SET active = NULL WHERE id = $m"),
                cast -> {
                    cast.awaitRows("part", "$k|x$k|t", "$m|x$k|null");
                    cast.awaitDisplaced("part");
                });
    }

    @Test
    void severalColumnsClashOnlyIfAllAreEqualAndNoneIsNull() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("INSERT INTO composite VALUES ($k, $k, NULL)");
                    cast.onA("INSERT INTO composite VALUES ($m, $k, 1)");
                    cast.onB("INSERT INTO composite VALUES ($k + 500, $k, 2), ($n, $k, NULL)");
                },
                cast -> {
                    cast.awaitRows("composite", "$k|$k|null", "$m|$k|1", "$n|$k|null");
                    cast.awaitDisplaced("composite");
                });
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA("INSERT INTO composite VALUES ($k, $k, 1)");
                    cast.onB("INSERT INTO composite VALUES ($m, $k, 1)");
                },
                cast -> {
                    cast.awaitRows("composite", "$m|$k|1");
                    cast.awaitDisplaced("composite", "$k,$k,1@$A");
                });
    }

    @Test
    void nullsClashWhereTheyAreNotDistinct() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("INSERT INTO nulls VALUES ($k, $k, NULL)");
                    cast.onA("INSERT INTO nulls VALUES ($n, $n, NULL)");
                    cast.onB("INSERT INTO nulls VALUES ($m, $k, NULL)");
                },
                cast -> {
                    cast.awaitRows("nulls", "$m|$k|null", "$n|$n|null");
                    cast.awaitDisplaced("nulls", "$k,$k,NULL@$A");
                },
                cast -> cast.onB("UPDATE nulls SET y = 1 WHERE id = $m"),
                cast -> {
                    cast.awaitRows("nulls", "$k|$k|null", "$m|$k|1", "$n|$n|null");
                    cast.awaitDisplaced("nulls");
                });
    }

    @Test
    void expressionClashesByItsValue() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("INSERT INTO expression VALUES ($k, 'Word$k')");
                    cast.onB("INSERT INTO expression VALUES ($m, 'wORD$k')");
                },
                cast -> {
                    cast.awaitRows("expression", "$m|wORD$k");
                    cast.awaitDisplaced("expression", "$k,Word$k@$A");
                },
                cast -> cast.onC("UPDATE expression SET word = 'other$k' WHERE id = $m"),
                cast -> {
                    cast.awaitRows("expression", "$k|Word$k", "$m|other$k");
                    cast.awaitDisplaced("expression");
                });
    }

    @Test
    void valuesThatChangePlacesInOneTransactionClashWithNothing() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA(
                            "UPDATE place SET at = $m, v = 'by A' WHERE id = $k",
                            "UPDATE place SET at = $k, v = 'by A' WHERE id = $m");
                    cast.onB(
                            "UPDATE seat SET at = CASE id WHEN $k THEN $m WHEN $m THEN $n ELSE $k"
                                    + " END, v = 'by B' WHERE id IN ($k, $m, $n)");
                },
                cast -> {
                    cast.awaitRows("place", "$k|$m|by A", "$m|$k|by A", "$n|$n|old");
                    cast.awaitRows("seat", "$k|$m|by B", "$m|$n|by B", "$n|$k|by B");
                    cast.awaitDisplaced("place");
                    cast.awaitDisplaced("seat");
                    cast.assertNoClashes("place", "$k");
                    cast.assertNoClashes("place", "$m");
                    cast.assertNoClashes("seat", "$k");
                    cast.assertNoClashes("seat", "$m");
                });
    }

    @Test
    void laterUpdateOfOneOfTheRowsThatChangedPlacesDisplacesTheOther() {
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA(
                            "UPDATE place SET at = $m, v = 'by A' WHERE id = $k",
                            "UPDATE place SET at = $k, v = 'by A' WHERE id = $m");
                    cast.onB("UPDATE place SET v = 'by B' WHERE id = $m");
                },
                cast -> {
                    cast.awaitRows("place", "$m|$m|by B", "$n|$n|old");
                    cast.awaitDisplaced("place", "$k,$m,by A@$A");
                },
                cast -> cast.onA("DELETE FROM place WHERE id = $m"),
                cast -> {
                    cast.awaitRows("place", "$k|$m|by A", "$n|$n|old");
                    cast.awaitDisplaced("place");
                });
    }

    @Test
    void earlierUpdateOfOneOfTheRowsThatChangePlacesChangesNothing() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onB("UPDATE seat SET v = 'by B' WHERE id = $m");
                    cast.onA(
                            "UPDATE seat SET at = CASE id WHEN $k THEN $m ELSE $k END, v = 'by A'"
                                    + " WHERE id IN ($k, $m)");
                },
                cast -> {
                    cast.awaitRows("seat", "$k|$m|by A", "$m|$k|by A", "$n|$n|old");
                    cast.awaitDisplaced("seat");
                });
    }

    @Test
    void constraintCheckedAtCommitClashesLikeAnyOther() {
        Cast.tell(
                group,
                40,
                cast -> {
                    cast.onA("UPDATE place SET at = $k + 5000, v = 'by A' WHERE id = $k");
                    cast.onB("UPDATE place SET at = $k + 5000, v = 'by B' WHERE id = $m");
                    cast.onA("INSERT INTO place VALUES ($k + 6000, $k + 7000, 'by A')");
                    cast.onB("UPDATE place SET at = $k + 7000, v = 'by B' WHERE id = $n");
                },
                cast -> {
                    cast.awaitAnswer(
                            """
                            SELECT id - $k, at - $k, v FROM place
                            WHERE at IN ($k + 5000, $k + 7000) ORDER BY id\
                            """,
                            "1000|5000|by B",
                            "2000|7000|by B");
                    cast.awaitAnswer(
                            """
                            SELECT key[1]::int - $k, "row"->>'v', node FROM pgchorus.displaced
                            WHERE "table" = 'place' AND key[1]::int IN ($k, $k + 6000)
                            ORDER BY key[1]::int\
                            """,
                            "0|by A|$A",
                            "6000|by A|$A");
                });
    }

    @Test
    void overlappingRangesClash() {
        Cast.tell(
                group,
                50,
                cast -> {
                    cast.onA("INSERT INTO booking VALUES ($k, '[$k0000,$k0010)', 'by A')");
                    cast.onB("INSERT INTO booking VALUES ($m, '[$k0009,$k0020)', 'by B')");
                    cast.onA("INSERT INTO booking VALUES ($n, '[$k0020,$k0030)', 'touches only')");
                },
                cast -> {
                    cast.awaitRows(
                            "booking",
                            "$m|[$k0009,$k0020)|by B",
                            "$n|[$k0020,$k0030)|touches only");
                    cast.awaitDisplaced("booking", "$k,[$k0000,$k0010),by A@$A");
                },
                cast -> cast.onC("UPDATE booking SET during = '[$k0010,$k0020)' WHERE id = $m"),
                cast -> {
                    cast.awaitRows(
                            "booking",
                            "$k|[$k0000,$k0010)|by A",
                            "$m|[$k0010,$k0020)|by B",
                            "$n|[$k0020,$k0030)|touches only");
                    cast.awaitDisplaced("booking");
                });
    }

    @Test
    void rangeOverTwoOthersDisplacesTheOlderOneOnlyIfItIsLive() {
        Cast.tell(
                group,
                60,
                cast -> {
                    cast.onA("INSERT INTO canceling VALUES ($k, '[$k0000,$k0010)', 'older')");
                    cast.onB("INSERT INTO canceling VALUES ($n, '[$k0005,$k0025)', 'between')");
                    cast.onA("INSERT INTO canceling VALUES ($m, '[$k0020,$k0030)', 'later')");
                },
                cast -> {
                    cast.awaitRows(
                            "canceling", "$k|[$k0000,$k0010)|older", "$m|[$k0020,$k0030)|later");
                    cast.awaitDisplaced("canceling", "$n,[$k0005,$k0025),between@$B");
                },
                cast -> cast.onB("UPDATE canceling SET v = 'canceled' WHERE id = $m"),
                cast -> {
                    cast.awaitRows(
                            "canceling",
                            "$m|[$k0020,$k0030)|canceled",
                            "$n|[$k0005,$k0025)|between");
                    cast.awaitDisplaced("canceling", "$k,[$k0000,$k0010),older@$A");
                });
    }
}
