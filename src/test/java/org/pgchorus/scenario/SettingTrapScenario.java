package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.demo.ServerOptions;

import java.util.List;

/**
 * Servers whose administrators have chosen settings for every session that shape texts, isolation
 * and time-outs: what replicates does not depend on them.
 */
class SettingTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, span interval, day timestamptz, raw bytea,
                number float8, document xml, list text[], words text, price money);
            CREATE TABLE hot (id int PRIMARY KEY, v int);
            """;

    private static final String ROWS =
            """
            SELECT id, extract(epoch FROM span), extract(epoch FROM day), encode(raw, 'hex'),
                number = 0.1::float8 + 0.2::float8,
            document::text, list, words, price = 1234.56::numeric::money FROM public.t ORDER BY id\
            """;

    private static ServerOptions hostile(int major) {
        ServerOptions options =
                ServerOptions.of(major)
                        .setting("default_transaction_isolation", "serializable")
                        .setting("default_transaction_deferrable", "on")
                        .setting("IntervalStyle", "sql_standard")
                        .setting("DateStyle", "German, DMY")
                        .setting("TimeZone", "Asia/Kolkata")
                        .setting("bytea_output", "escape")
                        .setting("extra_float_digits", "-5")
                        .setting("xmloption", "document")
                        .setting("standard_conforming_strings", "off")
                        .setting("escape_string_warning", "off")
                        .setting("array_nulls", "off")
                        .setting("transform_null_equals", "on")
                        .setting("quote_all_identifiers", "on")
                        .setting("search_path", "")
                        .setting("idle_session_timeout", "400ms")
                        .setting("idle_in_transaction_session_timeout", "200ms")
                        .setting("statement_timeout", "1s")
                        .setting("lock_timeout", "200ms");
        return major >= 17 ? options.setting("transaction_timeout", "300ms") : options;
    }

    @Test
    void settingsOfEverySessionChangeNothing() {
        try (TestGroup group = TestGroup.of("", List.of(hostile(18), ServerOptions.of(14)), 0)) {
            for (int node : List.of(0, 1)) {
                group.run(node, "SET search_path = public;" + SCHEMA);
            }
            group.run(0, insert(1));
            group.form(2);
            group.run(0, insert(2));
            group.run(1, insert(3));
            group.settle();
            String row =
                    "|-31395600.000000|1769915045.678901|00ff5c27|t|a <b>c</b>|{a,NULL,NULL}"
                            + "|back\\slash'|t";
            for (int node : List.of(0, 1)) {
                assertThat(group.rows(node, ROWS)).containsExactly("1" + row, "2" + row, "3" + row);
            }
            bothWriteTheSameRows(group);
        }
    }

    private static String insert(int id) {
        return """
        SET search_path = public; SET xmloption = content; SET array_nulls = on;
        SET IntervalStyle = postgres; SET standard_conforming_strings = on;
        SET DateStyle = ISO; SET TimeZone = UTC;
        INSERT INTO t VALUES (%d, '-1 year +2 days -3 hours', '2026-02-01 03:04:05.678901+00',
            '\\x00ff5c27', 0.1::float8 + 0.2::float8, 'a <b>c</b>', '{a,NULL,NULL}',
            'back\\slash''', 1234.56::numeric::money)\
        """
                .formatted(id);
    }

    /** Under READ COMMITTED the applier sees what clients have just written, whatever it was. */
    private static void bothWriteTheSameRows(TestGroup group) {
        String set = "SET search_path = public; SET statement_timeout = 0; SET lock_timeout = 0; ";
        group.run(0, set + "INSERT INTO hot SELECT i, 0 FROM generate_series(1, 50) i");
        group.settle();
        for (int round = 0; round < 100; round++) {
            for (int node : List.of(0, 1)) {
                group.run(
                        node,
                        "BEGIN ISOLATION LEVEL READ COMMITTED; "
                                + set
                                + "UPDATE hot SET v = v + 1 WHERE id = %d; COMMIT"
                                        .formatted(round % 5 + 1));
            }
        }
        assertThat(group.settledRows("SELECT id, v FROM public.hot ORDER BY id")).hasSize(50);
    }
}
