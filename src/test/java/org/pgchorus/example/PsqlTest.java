package org.pgchorus.example;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.pg.Sheet;

import java.util.List;

/** Answers look as psql prints them. */
class PsqlTest {
    private static final Sheet TWO =
            new Sheet(
                    List.of(new Sheet.Column("id", true), new Sheet.Column("name", false)),
                    List.of(List.of("7", "Ann"), List.of("1234", "")),
                    0);

    @Test
    void aTable() {
        assertThat(Psql.answer("SELECT ...", TWO))
                .containsExactly(
                        "  id  | name ", //
                        "------+------",
                        "    7 | Ann  ",
                        " 1234 |      ",
                        "(2 rows)");
    }

    @Test
    void aLineForEachValue() {
        assertThat(Psql.expanded(TWO))
                .containsExactly(
                        "-[ RECORD 1 ]+------",
                        "id   | 7",
                        "name | Ann",
                        "-[ RECORD 2 ]+------",
                        "id   | 1234",
                        "name | ");
    }

    @Test
    void whatHasNoAnswerIsNamed() {
        Sheet three = new Sheet(List.of(), List.of(), 3);
        assertThat(Psql.answer("insert into t values (1)", three)).containsExactly("INSERT 0 3");
        assertThat(Psql.answer("UPDATE t SET a = 1", three)).containsExactly("UPDATE 3");
        assertThat(Psql.answer("CREATE TABLE t (a int)", three)).containsExactly("CREATE TABLE");
        assertThat(Psql.answer("SET x = off", three)).containsExactly("SET");
    }
}
